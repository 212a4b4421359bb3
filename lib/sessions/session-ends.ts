import type { Audit, AuditEvent } from '../audit/audit.ts'
import type { UnitOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import type { EndReason } from '../errors.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Transaction } from '../stores/database.ts'
import type { OneTimeTokens } from '../tokens/one-time-tokens.ts'
import type { SessionStore } from './session-store.ts'

export interface SessionEndParts {
  store: Pick<SessionStore, 'end' | 'lift'>
  oneTimeTokens: Pick<OneTimeTokens, 'revoke'>
  audit: Pick<Audit, 'record'>
  metrics: Pick<Metrics, 'increment'>
  clock: Pick<Clock, 'now'>
}

/** The end of a user's sessions by a raise of their epoch. */
export interface EpochRaise {
  /**
   * The user with the new epoch. `version` is the new version, given if the cause has also changed something of the
   * user that other nodes keep in memory.
   */
  user: { id: string, sessionEpoch: number, version?: number }
  reason: EndReason
  /** The id of the one session that does not end. */
  survivor?: string | null
  /** When and how the survivor's user was authenticated, given if that has just changed. */
  authTime?: Date | undefined
  amr?: string[] | undefined
  /** The audit event of the cause. */
  event: AuditEvent
}

export type SessionEnds = ReturnType<typeof createSessionEnds>

/** Ends sessions: one, or all of a user. */
export function createSessionEnds ({ store, oneTimeTokens, audit, metrics, clock }: SessionEndParts) {
  return { end, recordEpochRaise }

  /** Ends one session; false if it had ended before. */
  async function end ({ tx, change }: UnitOfWork, sessionId: string, reason: EndReason): Promise<boolean> {
    const hasEnded = await store.end(tx, sessionId, reason, new Date(clock.now()))
    if (!hasEnded) return false
    metrics.increment('sessions_ended', { reason })
    await change({ kind: 'session_ended', subjectId: sessionId, reason })
    return true
  }

  /**
   * Records everything that follows from the raise of a user's epoch. Call it with the user's row locked, after raising
   * the epoch there. All sessions of the user are over, except the survivor if it was still alive: it is moved to the
   * new epoch. A pending change of address is cancelled too, because one of the ended sessions may have requested it.
   * Every node learns of it through the change feed, and the audit trail gets the event of the cause.
   * @returns whether there is a survivor, and the id of the event
   */
  async function recordEpochRaise (
    { tx, change }: UnitOfWork,
    { user, reason, survivor = null, authTime, amr, event }: EpochRaise
  ): Promise<{ hasSurvived: boolean, eventId: number }> {
    const { id: subjectId, sessionEpoch: number, version } = user
    const hasSurvived = survivor !== null && await lift(tx, survivor, number, { authTime, amr })
    await oneTimeTokens.revoke(tx, subjectId, ['email_change'])

    await change({ kind: 'user_epoch', subjectId, exceptId: hasSurvived ? survivor : null, number, reason })
    if (version !== undefined) await change({ kind: 'user_changed', subjectId, number: version })
    return { hasSurvived, eventId: await audit.record(tx, event) }
  }

  async function lift (
    tx: Transaction,
    sessionId: string,
    epoch: number,
    proof: Pick<EpochRaise, 'authTime' | 'amr'>
  ): Promise<boolean> {
    return await store.lift(tx, sessionId, { ...proof, from: epoch - 1, to: epoch, now: new Date(clock.now()) })
  }
}
