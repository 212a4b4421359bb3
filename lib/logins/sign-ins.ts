import type { Audit } from '../audit/audit.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import { unavailable } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Transport } from '../sessions/refresh-tokens.ts'
import type { SessionState } from '../sessions/session-store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { TokenResponse, TokenResponses } from '../sessions/token-responses.ts'
import type { DeviceTokens } from '../tokens/device-tokens.ts'
import type { User, UserStore } from '../users/user-store.ts'

/** The session that a client wants. */
export interface SessionRequest {
  transport: Transport
  deviceName: string | null
  deviceToken?: string | undefined
  /** The refresh token that the new one replaces in a browser: its session ends. */
  replaces?: string | undefined
}

export interface SignInParts extends Pick<UnitsOfWork, 'commit' | 'commitStatement'> {
  users: Pick<UserStore, 'find' | 'lockInOrder'>
  sessions: Pick<Sessions, 'prepare' | 'begin' | 'tokensOf' | 'end' | 'peek' | 'read'>
  tokenResponses: TokenResponses
  deviceTokens: Pick<DeviceTokens, 'recognise'>
  audit: Pick<Audit, 'record'>
  metrics: Pick<Metrics, 'increment'>
}

/** Opening a session for a user whose password was right. */
export function createSignIns (parts: SignInParts) {
  const { commit, commitStatement, users, sessions, tokenResponses, deviceTokens, audit, metrics } = parts

  return { signIn }

  /**
   * Opens a session and returns its tokens. If the user's sessions have been ended since the user was read, but the
   * account is the same, that was a sign-out. The sign-in then comes after it: it is tried a second time.
   * @param user as read before the password was checked
   * @returns null if the account has changed since it was read, so that the password no longer counts
   * @throws Refusal `unavailable`, also if the sessions are ended during the second try too
   */
  async function signIn (user: User, request: SessionRequest, caller: Caller): Promise<TokenResponse | null> {
    const response = await open(user, request, caller)
    if (response) return response

    const signedOut = await findSignedOut(user)
    if (!signedOut) return null
    const second = await open(signedOut, request, caller)
    if (!second) throw unavailable(new Error('the sessions of the account keep ending'))
    return second
  }

  async function open (user: User, request: SessionRequest, caller: Caller): Promise<TokenResponse | null> {
    const { transport, deviceName, deviceToken, replaces } = request
    const deviceId = deviceTokens.recognise(deviceToken)
    const amr = ['pwd']
    const prepared = await sessions.prepare(transport)
    const circumstances = { deviceId, deviceName, caller, amr }

    const replaced = await sessionOf(replaces, transport)
    const isOpen = replaced
      ? await commit(async unit => {
        // Without an order of locks two browsers that swap their accounts would deadlock.
        if (replaced.id !== user.id) await users.lockInOrder(unit.tx, [user.id, replaced.id])
        const isOpen = await sessions.begin(unit, prepared, user, circumstances)
        if (isOpen) await end(unit, replaced, user, caller)
        return isOpen
      }, user.id)
      : await commitStatement(unit => sessions.begin(unit, prepared, user, circumstances), user.id)
    if (!isOpen) return null

    metrics.increment('sign_ins', { outcome: 'success' })
    const signedIn = { ...user, lastLoginAt: prepared.now }
    return tokenResponses.issue(sessions.tokensOf(prepared, signedIn, { deviceId, amr }))
  }

  async function sessionOf (token: string | undefined, transport: Transport): Promise<SessionState | null> {
    const claims = token === undefined ? null : sessions.read(token)
    return claims?.transport === transport ? await sessions.peek(claims.sessionId) : null
  }

  // It may be the session of another user: a browser has one session only.
  async function end (unit: UnitOfWork, replaced: SessionState, { id: actorId }: User, caller: Caller) {
    const { sessionId } = replaced
    if (!await sessions.end(unit, sessionId, 'signed_out')) return
    await audit.record(unit.tx, {
      event: 'session_ended',
      outcome: 'success',
      reason: 'replaced',
      actorId,
      subject: replaced,
      sessionId,
      caller
    })
  }

  /** The user as it is now, if nothing but the end of sessions has happened to it since; otherwise null. */
  async function findSignedOut (before: User): Promise<User | null> {
    const user = await users.find(before.id)
    const isSame = user?.passwordHash === before.passwordHash && user.version === before.version &&
      user.twoStep === before.twoStep
    const hasMoved = user?.sessionEpoch !== before.sessionEpoch || user.deploymentEpoch !== before.deploymentEpoch
    return isSame && hasMoved ? user : null
  }
}
