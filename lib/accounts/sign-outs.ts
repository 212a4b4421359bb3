import type { Audit } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { ChangeFeed } from '../changes/change-feed.ts'
import { Refusal } from '../errors.ts'
import type { EndReason } from '../errors.ts'
import type { PresentedToken } from '../sessions/presented-token.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Database, Transaction } from '../stores/database.ts'
import type { DeploymentStore } from '../changes/deployment-store.ts'
import type { SessionState } from '../sessions/session-store.ts'
import type { UserStore } from '../users/user-store.ts'
import type { Tokens } from '../tokens/access-tokens.ts'

export type SignOutScope = 'local' | 'others' | 'everywhere'

export interface LogoutRequest { scope: SignOutScope, accessToken?: string | undefined, refreshToken?: PresentedToken | undefined }

export interface SignOutParts {
  database: Database
  users: UserStore
  deployment: DeploymentStore
  sessions: Sessions
  tokens: Tokens
  audit: Audit
  feed: Pick<ChangeFeed, 'publish'>
}

/** A living session that a client has proved, and whether well enough to act on the user's others. */
interface Proof { state: SessionState, isStrong: boolean }

/** Ending sessions: one, the others, all of a user's, everybody's. Each is one step, whatever the number. */
export function createSignOuts ({ database, users, deployment, sessions, tokens, audit, feed }: SignOutParts) {
  return { logout, signOut, endSession, signOutEveryone }

  /**
   * Signs out with whatever the client still has. Nothing that proves a session is no error: there is
   * nothing to end. `others` and `everywhere` need a live access token or the newest refresh token;
   * less than that, expired but authentic, ends its own session only. Tells whether the session that
   * asked goes on.
   */
  async function logout ({ scope, accessToken, refreshToken }: LogoutRequest, caller: Caller): Promise<{ goesOn: boolean }> {
    const [first, second] = await proofsOf(accessToken, refreshToken)
    if (first) await signOut(first.state, first.isStrong ? scope : 'local', caller)
    if (second) await signOut(second.state, 'local', caller)
    return { goesOn: scope === 'others' && first?.isStrong === true && !second }
  }

  /**
   * Ends the given session, or the user's others, or all of them. A session that is dead already is no
   * reason to spare the others.
   */
  async function signOut (state: SessionState, scope: SignOutScope, caller: Caller) {
    feed.publish(await database.begin(async tx => {
      const written = scope === 'local' ? await sessions.end(tx, state.sessionId, 'signed_out') : await endAll(tx, state, scope)
      if (written.length) await tell(tx, state, scope, caller)
      return written
    }))
  }

  /** Ends one of the user's sessions by its id; somebody else's is `not_found`, an ended one no error. */
  async function endSession ({ userId, sessionId: own }: { userId: string, sessionId: string }, sessionId: string, caller: Caller) {
    const state = await sessions.peek(sessionId)
    if (state?.id !== userId) throw new Refusal('not_found')

    await endOne(state, state.sessionId === own ? 'signed_out' : 'revoked_by_user', caller)
  }

  /** Ends every session of every user. `actorId` is null for an operator at the command line. */
  async function signOutEveryone ({ actorId, caller }: { actorId: string | null, caller: Caller }) {
    feed.publish([await database.begin(async tx => {
      await audit.record(tx, { event: 'sessions_ended', outcome: 'success', reason: 'everyone_signed_out', subject: null, caller, ...(actorId && { actorId }) })
      return await deployment.endEverything(tx)
    })])
  }

  // The two tokens may prove two sessions: a client that has mixed them up means both, but the scope is
  // about one.
  async function proofsOf (accessToken: string | undefined, presented: PresentedToken | undefined): Promise<Proof[]> {
    const access = accessToken ? tokens.readExpired(accessToken) : null
    const claims = presented?.claims ?? null
    const refresh = claims?.transport === presented?.transport ? claims : null
    const proofs: Proof[] = []

    for (const id of new Set([access?.claims.sid, refresh?.sessionId])) {
      const state = id ? await sessions.findAlive(id) : null
      if (!state) continue

      const isLive = access !== null && access.isLive && access.claims.sid === id && access.claims.epoch[1] === state.userEpoch
      const isNewest = refresh !== null && refresh.sessionId === id && !isLive && await sessions.isNewest(refresh, state)
      proofs.push({ state, isStrong: isLive || isNewest })
    }
    return proofs
  }

  async function endOne (state: SessionState, reason: EndReason, caller: Caller) {
    feed.publish(await database.begin(async tx => {
      const written = await sessions.end(tx, state.sessionId, reason)
      if (written.length) await tell(tx, state, reason, caller)
      return written
    }))
  }

  // The user's row is locked first, as everywhere. The own session outlives the raise, so that its end
  // is told as its own.
  async function endAll (tx: Transaction, { id, sessionId }: SessionState, scope: 'others' | 'everywhere') {
    const to = await users.raiseEpoch(tx, id)
    if (to === null) return []

    const { change } = await sessions.recordEpochRaise(tx, { userId: id, to, reason: 'revoked_by_user', survivor: sessionId })
    return scope === 'others' ? [change] : [change, ...await sessions.end(tx, sessionId, 'signed_out')]
  }

  async function tell (tx: Transaction, state: SessionState, reason: string, caller: Caller) {
    await audit.record(tx, { event: 'session_ended', outcome: 'success', reason, actorId: state.id, subject: state, sessionId: state.sessionId, caller })
  }
}
