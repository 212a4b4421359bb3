import { createSecondSteps, isOver, isUsedUp, mayGoOn, mfaRequired } from './second-steps.ts'
import type { SecondStepParts } from './second-steps.ts'
import type { Principal } from '../access/authentication.ts'
import { recentSeconds } from '../access/step-up.ts'
import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { RequestOptions } from '../factors/passkey-options.ts'
import type { SecondFactor, SecondProof } from '../factors/second-factor-checks.ts'
import type { Caller } from '../http/caller.ts'
import type { SessionState } from '../sessions/session-store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { TokenResponse, TokenResponses } from '../sessions/token-responses.ts'
import type { Database } from '../stores/database.ts'
import type { CodeHolder } from '../throttling/lockout.ts'
import type { PasswordChecks } from '../throttling/password-checks.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import { byPasskey, byPassword } from '../tokens/assurance.ts'
import { needsBoth } from '../tokens/factor-dues.ts'
import type { OneTimeTokens } from '../tokens/one-time-tokens.ts'
import type { UserStore } from '../users/user-store.ts'

/** What a user proves again: the password, the second factor after it, both at once, or a passkey that is both. */
export interface Reauthentication {
  password?: string | undefined
  factor?: SecondFactor | undefined
  /** The token of the first step, if the password was proved by an earlier request. */
  pendingToken?: string | undefined
}

export interface ReauthenticationParts extends SecondStepParts {
  database: Database
  users: Pick<UserStore, 'find' | 'lock' | 'lockInOrder'>
  sessions: SecondStepParts['sessions'] & Pick<Sessions, 'find' | 'authenticateAgain' | 'refusalFor' | 'advance'>
  tokenResponses: TokenResponses
  checks: Pick<PasswordChecks, 'checkInSession'>
  rateLimits: Pick<RateLimits, 'count'>
  audit: Pick<Audit, 'record'>
  oneTimeTokens: Pick<OneTimeTokens, 'find' | 'revoke'>
  clock: Pick<Clock, 'now'>
}

/** Proving again who uses a session. */
export function createReauthentications (parts: ReauthenticationParts) {
  const { database, users, devices, sessions, tokenResponses, checks, factorChecks, pendingLogins } = parts
  const { oneTimeTokens, rateLimits, passkeys, passkeyChecks, audit, clock } = parts
  const { demand } = createSecondSteps(parts)

  return { reauthenticate, offerReauthentication }

  /**
   * What a browser needs to prove a passkey again. The challenge is bound to the session.
   * @throws Refusal `not_found` for an account without passkeys; `session_ended`; `unavailable`
   */
  async function offerReauthentication (
    { sessionId }: Pick<Principal, 'userId' | 'sessionId'>
  ): Promise<RequestOptions> {
    const { id } = await sessions.find(sessionId)
    const allowed = await passkeys.list(id)
    if (allowed.length === 0) throw new Refusal('not_found')
    return passkeyChecks.offer({ purpose: 'reauthentication', boundTo: sessionId }, allowed)
  }

  /**
   * Checks everything that the account needs, sets the session's `auth_time` to now (RFC 9470) and rotates its tokens.
   * If only the password of an account with two steps is proved, nothing changes yet. The second factor alone suffices
   * within ten minutes of the password by which the session was opened. A session that a reset has opened becomes one
   * like any other by a second factor: its user needs no reset. Tries are counted by user, right ones too, because each
   * password costs a hash.
   * @throws Refusal `rate_limited`; `session_ended`; `invalid_credentials`; `passkey_unknown`; `too_many_attempts`;
   * `mfa_required` if more is to be proved; `token_invalid` if the password was proved too long ago; `invalid_token` if
   * the session's access tokens have become outdated meanwhile; `overloaded`; `unavailable`
   */
  async function reauthenticate (
    { userId, sessionId }: Pick<Principal, 'userId' | 'sessionId'>,
    proof: Reauthentication,
    caller: Caller
  ): Promise<TokenResponse> {
    const policy = proof.password === undefined ? 'second-factor' : 'reauthenticate'
    return await rateLimits.count({ policy, caller, userId }, () => proveAgain(sessionId, proof, caller))
  }

  async function proveAgain (sessionId: string, proof: Reauthentication, caller: Caller): Promise<TokenResponse> {
    const state = await sessions.find(sessionId)
    const { transport } = state

    const isPasskeyAlone = proof.password === undefined && proof.factor !== undefined && 'credential' in proof.factor
    if (proof.password !== undefined) await checks.checkInSession(state, proof.password, caller, 'sign_in')
    else if (!isPasskeyAlone) assertFirstStep(state, proof.pendingToken)

    if (proof.factor !== undefined) return await proveFactor(state, proof.factor, { ...proof, isPasskeyAlone }, caller)
    if (needsBoth(state, clock.now())) {
      throw await demand(state, { purpose: 'reauthentication', transport, holderId: sessionId }, caller)
    }
    return await finish(state, byPassword, null, caller)
  }

  /**
   * Without the password, the token of an earlier request must say that it was proved in this session, or the session
   * rests on the password alone and on a recent one.
   */
  function assertFirstStep (state: SessionState, token: string | undefined) {
    if (token === undefined && hasRecentPassword(state)) return
    if (token === undefined) throw mfaRequired({ methods: [state.passwordHash === null ? 'passkey' : 'password'] })
    const pending = pendingLogins.read(token, { purpose: 'reauthentication', transport: state.transport })
    const isOfSession = pending?.userId === state.id && pending.holderId === state.sessionId
    if (!isOfSession || !mayGoOn(state, pending)) throw isOver()
  }

  // Once a second factor was proved, `auth_time` does not tell when the password was. So a code alone suffices once,
  // and not again after that.
  function hasRecentPassword ({ amr, authTime }: SessionState): boolean {
    const isRecent = clock.now() - authTime.getTime() <= recentSeconds * 1000
    return isRecent && amr.includes('pwd') && !amr.includes('mfa')
  }

  async function proveFactor (
    state: SessionState,
    factor: SecondFactor,
    { isPasskeyAlone, pendingToken }: { isPasskeyAlone: boolean, pendingToken?: string | undefined },
    caller: Caller
  ): Promise<TokenResponse> {
    const { sessionId } = state
    const holder = await holderOf(state)
    const claim = { factor, owner: state, holder, boundTo: sessionId, sessionId, caller }
    const proof = await factorChecks.check(claim)
    const isWhole = isPasskeyAlone && proof.isComplete
    // A key that has not verified its user is a second factor only.
    if (isPasskeyAlone && !isWhole) assertFirstStep(state, pendingToken)
    return await finish(state, isWhole ? byPasskey : proof.amr, proof, caller).catch(async error => {
      if (isUsedUp(error)) await factorChecks.noteUsedUp(claim, proof.method)
      throw error
    })
  }

  /**
   * Where wrong codes are counted. A session that has proved a second factor has a bucket of its own. Any other shares
   * the one of sign-ins, because whoever knows the password could open one after the other.
   */
  async function holderOf ({ id, sessionId, deviceId, amr }: SessionState): Promise<CodeHolder> {
    if (amr.includes('mfa')) return { sessionId }
    const device = await devices.find(database, id, deviceId)
    return device?.secondFactorAt ? device : 'strangers'
  }

  async function finish (
    state: SessionState,
    amr: string[],
    second: SecondProof | null,
    caller: Caller
  ): Promise<TokenResponse> {
    const proved = { authTime: new Date(clock.now()), amr }
    const isRecorded = await record(state, proved, second, caller)
    // This is read after the transaction: within it, the read would take a second connection.
    if (!isRecorded) throw await sessions.refusalFor(state.sessionId)
    const factorReset = second ? null : state.factorReset
    return tokenResponses.issue(await sessions.advance({ ...state, ...proved, factorReset }))
  }

  async function record (
    state: SessionState,
    proved: { authTime: Date, amr: string[] },
    second: SecondProof | null,
    caller: Caller
  ): Promise<boolean> {
    return await database.begin(async tx => {
      if (!await users.lock(tx, state) || !await sessions.authenticateAgain(tx, state, proved)) return false
      await second?.spend(tx)
      // A user who has a factor needs no reset: another person may have asked for it.
      if (second) await oneTimeTokens.revoke(tx, state.id, ['second_factor_reset'])
      await audit.record(tx, {
        event: 'authn_login_success',
        outcome: 'success',
        reason: 'reauthenticated',
        actorId: state.id,
        subject: state,
        sessionId: state.sessionId,
        caller,
        ...(second && { personal: { method: second.method } })
      })
      return true
    })
  }
}
