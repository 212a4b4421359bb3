import type { Audit } from '../audit/audit.ts'
import type { UnitsOfWork } from '../changes/unit-of-work.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Database } from '../stores/database.ts'
import type { SessionEnds } from './session-ends.ts'
import type { SessionLookUps } from './session-look-ups.ts'
import type { SessionState } from './session-store.ts'

export interface TokenReplayParts {
  database: Database
  commit: UnitsOfWork['commit']
  lookUps: Pick<SessionLookUps, 'refusalFor'>
  ends: Pick<SessionEnds, 'end'>
  audit: Pick<Audit, 'record'>
  jobs: Pick<Jobs, 'send'>
}

export type TokenReplays = ReturnType<typeof createTokenReplays>

/** Deals with refresh tokens that were used before, and with ones whose use looks odd. */
export function createTokenReplays ({ database, commit, lookUps, ends, audit, jobs }: TokenReplayParts) {
  return { endReplayed, recordAnomaly }

  /**
   * Ends a session whose token was replayed. The first replay ends it, writes an event and mails the owner; a later
   * one finds the session ended and does nothing. Returns the refusal to throw.
   */
  async function endReplayed (state: SessionState, caller: Caller): Promise<Refusal> {
    const { sessionId } = state
    await commit(async unit => {
      if (!await ends.end(unit, sessionId, 'reuse_detected')) return
      const eventId = await audit.record(unit.tx, {
        event: 'authn_token_reuse',
        outcome: 'failure',
        subject: state,
        sessionId,
        caller
      })
      await jobs.send(unit.tx, 'mail', { kind: 'reuse_detected', userId: state.id, sessionId, eventId })
    }, state.id)

    return await lookUps.refusalFor(sessionId)
  }

  /**
   * Records the note of a rotation. The token has already rotated. If Postgres were unavailable and the caller were
   * refused for it, the caller would return with a used token, after the grace if the outage lasts, and lose the
   * session. So an outage costs only the event.
   */
  async function recordAnomaly (state: SessionState, note: string, caller: Caller) {
    try {
      await audit.record(database, {
        event: 'authn_token_anomaly',
        outcome: 'success',
        reason: note,
        subject: state,
        sessionId: state.sessionId,
        caller
      })
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'unavailable')) throw error
    }
  }
}
