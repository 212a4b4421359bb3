import type { Audit, Client } from './audit.ts'
import type { ChangeFeed } from './change-feed.ts'
import { Refusal } from './errors.ts'
import type { EndReason } from './errors.ts'
import type { Sessions } from './sessions.ts'
import type { Database, Transaction } from './stores/database.ts'
import type { DeploymentStore } from './stores/deployment.ts'
import type { SessionState } from './stores/sessions.ts'
import type { UserStore } from './stores/users.ts'
import type { Tokens } from './tokens.ts'

export type SignOutScope = 'local' | 'others' | 'everywhere'

export interface LogoutRequest { scope: SignOutScope, accessToken?: string | undefined, refreshToken?: string | undefined }

export interface SignOutParts {
  database: Database
  users: UserStore
  deployment: DeploymentStore
  sessions: Sessions
  tokens: Tokens
  audit: Audit
  feed: Pick<ChangeFeed, 'publish'>
}

/** Ending sessions: one, the others, all of a user's, everybody's. Each is one step, whatever the number. */
export function createSignOuts ({ database, users, deployment, sessions, tokens, audit, feed }: SignOutParts) {
  return { logout, signOut, endSession, signOutEveryone }

  /**
   * Signs out with whatever the client still has. Nothing that proves a session is no error: there is
   * nothing to end. `others` and `everywhere` need a live access token or the newest refresh token;
   * less than that, expired but authentic, ends its own session only.
   */
  async function logout ({ scope, accessToken, refreshToken }: LogoutRequest, client: Client) {
    const proof = await proofOf(accessToken, refreshToken)
    if (proof) await signOut(proof.state, proof.isStrong ? scope : 'local', client)
  }

  /**
   * Ends the given session, or the user's others, or all of them. A session that is dead already is no
   * reason to spare the others.
   */
  async function signOut (state: SessionState, scope: SignOutScope, client: Client) {
    feed.publish(await database.begin(async tx => {
      const written = scope === 'local' ? await sessions.end(tx, state.sessionId, 'signed_out') : await endAll(tx, state, scope)
      if (written.length) await tell(tx, state, scope, client)
      return written
    }))
  }

  /** Ends one of the user's sessions by its id; somebody else's is `not_found`, an ended one no error. */
  async function endSession ({ userId, sessionId: own }: { userId: string, sessionId: string }, sessionId: string, client: Client) {
    const state = await sessions.peek(sessionId)
    if (state?.id !== userId) throw new Refusal('not_found')

    await endOne(state, sessionId === own ? 'signed_out' : 'revoked_by_user', client)
  }

  /** Ends every session of every user. `actorId` is null for an operator at the command line. */
  async function signOutEveryone ({ actorId, client }: { actorId: string | null, client: Client }) {
    feed.publish([await database.begin(async tx => {
      await audit.record(tx, { event: 'sessions_ended', outcome: 'success', reason: 'everyone_signed_out', subject: null, client, ...(actorId && { actorId }) })
      return await deployment.endEverything(tx)
    })])
  }

  async function proofOf (accessToken: string | undefined, refreshToken: string | undefined): Promise<{ state: SessionState, isStrong: boolean } | null> {
    const access = accessToken && tokens.readExpired(accessToken)
    const refresh = refreshToken && sessions.read(refreshToken)
    const sessionId = (access && access.claims.sid) || (refresh && refresh.sessionId)
    const state = sessionId ? await sessions.findAlive(sessionId) : null
    if (!state) return null

    const isLive = access && access.isLive && access.claims.epoch[1] === state.userEpoch
    return { state, isStrong: isLive || (refresh && refresh.sessionId === sessionId && await sessions.isNewest(refresh, state)) || false }
  }

  async function endOne (state: SessionState, reason: EndReason, client: Client) {
    feed.publish(await database.begin(async tx => {
      const written = await sessions.end(tx, state.sessionId, reason)
      if (written.length) await tell(tx, state, reason, client)
      return written
    }))
  }

  // The user's row is locked first, as everywhere. The own session outlives the raise, so that its end
  // is told as its own.
  async function endAll (tx: Transaction, { id, sessionId }: SessionState, scope: 'others' | 'everywhere') {
    const to = await users.raiseEpoch(tx, id)
    if (to === null) return []

    const { change } = await sessions.raised(tx, { userId: id, to, reason: 'revoked_by_user', survivor: sessionId })
    return scope === 'others' ? [change] : [change, ...await sessions.end(tx, sessionId, 'signed_out')]
  }

  async function tell (tx: Transaction, state: SessionState, reason: string, client: Client) {
    await audit.record(tx, { event: 'session_ended', outcome: 'success', reason, actorId: state.id, subject: state, sessionId: state.sessionId, client })
  }
}
