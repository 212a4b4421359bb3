import type { Audit, AuditEvent } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { UnitsOfWork } from '../changes/unit-of-work.ts'
import { Refusal, unlessRefused } from '../errors.ts'
import type { EndReason } from '../errors.ts'
import type { PresentedToken } from '../sessions/presented-token.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { DeploymentStore } from '../changes/deployment-store.ts'
import type { SessionState } from '../sessions/session-store.ts'
import type { UserStore } from '../users/user-store.ts'
import { assertMayStill } from './actor-checks.ts'
import type { ActorCheckParts, AskingUser } from './actor-checks.ts'
import type { Tokens } from '../tokens/access-tokens.ts'

export type SignOutScope = 'local' | 'others' | 'everywhere'

export interface LogoutRequest {
  scope: SignOutScope
  accessToken?: string | undefined
  refreshToken?: PresentedToken | undefined
}

export interface SignOutParts extends ActorCheckParts {
  commit: UnitsOfWork['commit']
  users: UserStore
  deployment: DeploymentStore
  sessions: Sessions
  tokens: Tokens
  audit: Audit
}

/** A living session that a request has proved. A strong proof may also end the user's other sessions. */
interface Proof { state: SessionState, isStrong: boolean }

/** The end of sessions: of one, of a user's others, of all of a user's, of everybody's. Each is one step. */
export function createSignOuts (parts: SignOutParts) {
  const { commit, users, deployment, sessions, tokens, audit } = parts

  return { logout, signOut, endSession, signOutEveryone }

  /**
   * Signs out with any token that the client still has. A request that proves no session is no error, because there is
   * nothing to end. The scopes `others` and `everywhere` need a live access token or the newest refresh token; an
   * authentic token that is expired or superseded ends its own session only. `goesOn` says whether the session of the
   * request is still alive.
   * @throws Refusal `unavailable`
   */
  async function logout (
    { scope, accessToken, refreshToken }: LogoutRequest,
    caller: Caller
  ): Promise<{ goesOn: boolean }> {
    const [first, second] = await proofsOf(accessToken, refreshToken)
    if (first) await signOut(first.state, first.isStrong ? scope : 'local', caller)
    if (second) await signOut(second.state, 'local', caller)
    return { goesOn: scope === 'others' && first?.isStrong === true && !second }
  }

  /**
   * Ends the given session, or the user's others, or all of them. The others are ended even if the given one has ended
   * already.
   * @throws Refusal `unavailable`
   */
  async function signOut (state: SessionState, scope: SignOutScope, caller: Caller) {
    const event = eventOf(state, scope, caller)
    if (scope === 'local') await endOne(state, { reason: 'signed_out', event })
    else await endAll(state, scope, event)
  }

  /**
   * Ends one of the user's sessions by its id. A session that has ended already is no error.
   * @throws Refusal `not_found` for an unknown session or another user's; `unavailable`
   */
  async function endSession (
    { userId, sessionId: own }: { userId: string, sessionId: string },
    sessionId: string,
    caller: Caller
  ) {
    const state = await sessions.peek(sessionId)
    if (state?.id !== userId) throw new Refusal('not_found')

    const reason = state.sessionId === own ? 'signed_out' : 'revoked_by_user'
    await endOne(state, { reason, event: eventOf(state, reason, caller) })
  }

  /**
   * Ends every session of every user. Without an actor an operator at the command line does it.
   * @throws Refusal as `assertMayStill`, if the actor may not do it any more
   */
  async function signOutEveryone ({ actor = null, caller }: { actor?: AskingUser | null, caller: Caller }) {
    await commit(async unit => {
      if (actor) await assertMayStill(parts, unit.tx, actor, 'roles:write')
      await audit.record(unit.tx, {
        event: 'sessions_ended',
        outcome: 'success',
        reason: 'everyone_signed_out',
        subject: null,
        caller,
        ...(actor && { actorId: actor.userId })
      })
      await deployment.endEverything(unit)
    })
  }

  // The two tokens may prove two sessions, if a client has mixed them up. Then it means both of them, but the scope
  // holds for the first one only. If this node does not know the key of an access token, it reads the key ring before
  // it takes the token for foreign.
  async function proofsOf (accessToken: string | undefined, presented: PresentedToken | undefined): Promise<Proof[]> {
    if (accessToken) await unlessRefused(() => tokens.verifyOrReload(accessToken))
    const access = accessToken ? tokens.readExpired(accessToken) : null
    const claims = presented?.claims ?? null
    const refresh = claims?.transport === presented?.transport ? claims : null
    const proofs: Proof[] = []

    for (const id of new Set([access?.claims.sid, refresh?.sessionId])) {
      const state = id ? await sessions.findAlive(id) : null
      if (!state) continue

      const isOfAccess = access !== null && access.isLive && access.claims.sid === id
      const isLive = isOfAccess && access.claims.epoch[1] === state.userEpoch
      const isOfRefresh = refresh !== null && refresh.sessionId === id
      const isNewest = isOfRefresh && !isLive && await sessions.isNewest(refresh, state)
      proofs.push({ state, isStrong: isLive || isNewest })
    }
    return proofs
  }

  async function endOne ({ id, sessionId }: SessionState, { reason, event }: { reason: EndReason, event: AuditEvent }) {
    await commit(async unit => {
      if (await sessions.end(unit, sessionId, reason)) await audit.record(unit.tx, event)
    }, id)
  }

  // The user's row is locked first, as everywhere. The session of the request survives the raise, so that it ends by a
  // change of its own and with a reason of its own.
  async function endAll ({ id, sessionId }: SessionState, scope: 'others' | 'everywhere', event: AuditEvent) {
    await commit(async unit => {
      const sessionEpoch = await users.raiseEpoch(unit.tx, id)
      if (sessionEpoch === null) return

      await sessions.recordEpochRaise(unit, {
        user: { id, sessionEpoch },
        reason: 'revoked_by_user',
        survivor: sessionId,
        event
      })
      if (scope === 'everywhere') await sessions.end(unit, sessionId, 'signed_out')
    }, id)
  }
}

function eventOf (state: SessionState, reason: string, caller: Caller): AuditEvent {
  return {
    event: 'session_ended',
    outcome: 'success',
    reason,
    actorId: state.id,
    subject: state,
    sessionId: state.sessionId,
    caller
  }
}
