import type { Audit } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import type { DeviceTokens } from '../tokens/device-tokens.ts'
import { parseAddress } from '../users/email-address.ts'
import { Refusal, unavailable } from '../errors.ts'
import type { RefusalCode } from '../errors.ts'
import type { TokenResponse, TokenResponses } from '../sessions/token-responses.ts'
import type { Bucket, Lockout } from '../throttling/lockout.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { PasswordChecks } from '../throttling/password-checks.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { Principal } from '../access/authentication.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { Transport } from '../sessions/refresh-tokens.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Database } from '../stores/database.ts'
import type { SessionState } from '../sessions/session-store.ts'
import type { User, UserStore } from '../users/user-store.ts'

export interface LoginRequest {
  email: string
  password: string
  transport: Transport
  deviceName: string | null
  deviceToken?: string | undefined
  /** The only kind of user that the application accepts. */
  userType?: string | undefined
  /** The refresh token that the new one takes the place of in a browser: its session ends. */
  replaces?: string | undefined
}

/** What of a request opens the session, once its password has been checked and is left behind. */
type NewSession = Pick<LoginRequest, 'transport' | 'deviceName' | 'deviceToken' | 'replaces'>

export interface LoginParts extends Pick<UnitsOfWork, 'commit' | 'commitStatement'> {
  database: Database
  users: UserStore
  sessions: Sessions
  tokenResponses: TokenResponses
  passwords: Passwords
  checks: PasswordChecks
  rateLimits: Pick<RateLimits, 'count'>
  lockout: Pick<Lockout, 'strangersOf' | 'deviceOf' | 'sessionOf'>
  deviceTokens: DeviceTokens
  audit: Audit
  metrics: Metrics
  clock: Clock
}

/** Proving a password: signing in, and proving it again within a session. */
export function createLogins ({ database, commit, commitStatement, users, sessions, tokenResponses, passwords, checks, rateLimits, lockout, deviceTokens, audit, metrics, clock }: LoginParts) {
  return { login, reauthenticate }

  /**
   * Opens a session. A wrong password, an unknown address and a disabled account with a wrong password
   * are one refusal and one amount of work: a read, a bucket, a hash, an audit event. Only who knows the
   * password learns what else is in the way.
   */
  async function login (request: LoginRequest, caller: Caller): Promise<TokenResponse> {
    const address = parseAddress(request.email, '/email')

    const deviceId = request.deviceToken === undefined ? null : deviceTokens.read(request.deviceToken)
    // In a storm most are refused: that must cost them and us nothing.
    passwords.assertRoom(deviceId === null ? 'stranger' : 'known')
    const user = await users.findByAddress(address.canonical, deviceId)
    // A device that this account does not know is a stranger to it: else every account of a guesser's own
    // would be worth more guesses at others.
    return await rateLimits.count({ policy: 'login', caller, deviceId: user?.knownSince ? deviceId : null }, () => prove(request, { user, deviceId, canonical: address.canonical }, caller))
  }

  async function prove (request: LoginRequest, { user, deviceId, canonical }: { user: User & { knownSince: Date | null } | null, deviceId: string | null, canonical: string }, caller: Caller): Promise<TokenResponse> {
    const bucket = user?.knownSince && deviceId !== null ? lockout.deviceOf(user.id, { deviceId, knownSince: user.knownSince }) : lockout.strangersOf(canonical)
    await checks.check({
      password: request.password,
      passwordHash: user?.passwordHash ?? null,
      bucket,
      owner: user,
      canonical,
      caller,
      purpose: 'sign_in'
    })
    // Without an account no password is right.
    if (!user) throw new Refusal('invalid_credentials')

    const obstacle = obstacleOf(user, request.userType)
    if (obstacle) throw await refuse(obstacle, user, caller)

    const { transport, deviceName, deviceToken, replaces } = request
    return await open(await strengthen(user, request.password, bucket), { transport, deviceName, deviceToken, replaces }, caller)
  }

  /** Checks the password again and moves the session's `auth_time` (RFC 9470); its tokens rotate. */
  async function reauthenticate ({ sessionId }: Pick<Principal, 'sessionId'>, password: string, caller: Caller): Promise<TokenResponse> {
    const state = await sessions.find(sessionId)
    await checks.check({
      password,
      passwordHash: state.passwordHash,
      bucket: lockout.sessionOf(sessionId),
      owner: state,
      canonical: state.emailCanonical,
      sessionId,
      caller,
      purpose: 'sign_in'
    })

    const authTime = new Date(clock.now())
    const isProved = await database.begin(async tx => {
      if (!await users.lock(tx, state) || !await sessions.authenticateAgain(tx, state, authTime)) return false
      await audit.record(tx, { event: 'authn_login_success', outcome: 'success', reason: 'reauthenticated', actorId: state.id, subject: state, sessionId, caller })
      return true
    })
    // Asked after the transaction: within it, that would take a second connection while holding one.
    if (!isProved) throw await sessions.refusalFor(sessionId)
    return tokenResponses.issue(await sessions.advance({ ...state, authTime }))
  }

  async function open (user: User, session: NewSession, caller: Caller, isAnew = false): Promise<TokenResponse> {
    const { transport, deviceName, deviceToken, replaces } = session
    const deviceId = deviceTokens.recognise(deviceToken)
    const amr = ['pwd']
    const opening = await sessions.prepare(transport)

    const circumstances = { deviceId, deviceName, caller, amr }
    const replaced = await sessionOf(replaces, transport)
    const isOpen = replaced
      ? await commit(async unit => {
        // Two browsers that swap accounts would each hold what the other waits for.
        if (replaced.id !== user.id) await users.lockInOrder(unit.tx, [user.id, replaced.id])
        const isOpen = await sessions.begin(unit, opening, user, circumstances)
        if (isOpen) await replace(unit, replaced, user, caller)
        return isOpen
      })
      : await commitStatement(unit => sessions.begin(unit, opening, user, circumstances))
    if (!isOpen && isAnew) throw unavailable(new Error('the sessions of the account keep ending'))
    if (!isOpen) return await openAnew(user, session, caller)
    metrics.increment('sign_ins', { outcome: 'success' })

    return tokenResponses.issue(sessions.tokensOf(opening, { ...user, lastLoginAt: opening.now }, { deviceId, amr }))
  }

  // Whoever's session it is: a browser has one.
  async function replace (unit: UnitOfWork, replaced: SessionState, { id: actorId }: User, caller: Caller) {
    const { sessionId } = replaced
    if (!await sessions.end(unit, sessionId, 'signed_out')) return
    await audit.record(unit.tx, { event: 'session_ended', outcome: 'success', reason: 'replaced', actorId, subject: replaced, sessionId, caller })
  }

  async function sessionOf (token: string | undefined, transport: Transport): Promise<SessionState | null> {
    const claims = token === undefined ? null : sessions.read(token)
    return claims?.transport === transport ? await sessions.peek(claims.sessionId) : null
  }

  // Something has ended the user's sessions since the password was read. If it is still this password of
  // an account that has not changed, that was a sign-out, and the sign-in comes after it: once.
  async function openAnew (before: User, session: NewSession, caller: Caller): Promise<TokenResponse> {
    const user = await users.find(before.id)
    const isSame = user?.passwordHash === before.passwordHash && user.version === before.version
    const hasMoved = user?.sessionEpoch !== before.sessionEpoch || user.deploymentEpoch !== before.deploymentEpoch
    if (!user || !isSame || !hasMoved) throw await refuse('invalid_credentials', before, caller)
    return await open(user, session, caller, true)
  }

  async function refuse (code: RefusalCode, user: User, caller: Caller): Promise<Refusal> {
    await audit.record(database, { event: 'authn_login_fail', outcome: 'failure', reason: code, subject: user, caller })
    metrics.increment('sign_ins', { outcome: code })
    return new Refusal(code)
  }

  // The password is right and its hash is weaker than today's: the moment to make a better one, unless
  // there is too much to do. Returns the account as it is then.
  async function strengthen<U extends User> (user: U, password: string, { kind }: Bucket): Promise<U> {
    if (!user.passwordHash || !passwords.needsRehash(user.passwordHash)) return user
    try {
      const passwordHash = await passwords.hash(password, kind === 'strangers' ? 'stranger' : 'known')
      await users.rehash(user.id, user.passwordHash, passwordHash)
      return { ...user, passwordHash }
    } catch (error) {
      if (error instanceof Refusal && error.code === 'overloaded') return user
      throw error
    }
  }
}

function obstacleOf (user: User, userType: string | undefined): RefusalCode | null {
  if (user.status === 'disabled') return 'account_disabled'
  if (user.approval === 'pending') return 'approval_pending'
  if (user.approval === 'rejected') return 'approval_rejected'
  if (user.vendorStatus === 'suspended') return 'vendor_suspended'
  return userType !== undefined && userType !== user.userType ? 'wrong_user_type' : null
}
