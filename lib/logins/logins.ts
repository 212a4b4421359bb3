import { createSecondSteps } from './second-steps.ts'
import type { SecondStepParts } from './second-steps.ts'
import { createSignIns } from './sign-ins.ts'
import type { SessionRequest } from './sign-ins.ts'
import type { Audit } from '../audit/audit.ts'
import { Refusal } from '../errors.ts'
import type { RefusalCode } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { clientNetwork } from '../http/client-address.ts'
import type { HashTurn } from '../passwords/hash-scheduler.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { TokenResponse } from '../sessions/token-responses.ts'
import type { Database } from '../stores/database.ts'
import { byPassword } from '../tokens/assurance.ts'
import { needsBoth } from '../tokens/factor-dues.ts'
import type { Bucket, Lockout } from '../throttling/lockout.ts'
import { hashTurnOf } from '../throttling/password-checks.ts'
import type { PasswordChecks } from '../throttling/password-checks.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { DeviceTokens } from '../tokens/device-tokens.ts'
import { parseAddress } from '../users/email-address.ts'
import type { PasswordStore } from '../users/password-store.ts'
import type { User, UserAndDevice, UserStore } from '../users/user-store.ts'

export interface LoginRequest extends SessionRequest {
  email: string
  password: string
  /** The only kind of user that the application accepts. */
  userType?: string | undefined
}

export interface LoginParts extends SecondStepParts {
  database: Database
  users: Pick<UserStore, 'find' | 'findByAddress' | 'lockInOrder'>
  passwordStore: Pick<PasswordStore, 'rehash'>
  passwords: Pick<Passwords, 'assertRoom' | 'hash' | 'needsRehash'>
  checks: PasswordChecks
  rateLimits: Pick<RateLimits, 'count'>
  lockout: Pick<Lockout, 'strangersOf' | 'deviceOf'>
  deviceTokens: Pick<DeviceTokens, 'read' | 'recognise' | 'issue'>
  audit: Pick<Audit, 'record'>
  metrics: Pick<Metrics, 'increment' | 'time'>
}

/** The account, if any, at which a login aims, and the device that sends it. */
interface Target { user: UserAndDevice | null, deviceId: string | null, canonical: string }

/** Signing in with a password. */
export function createLogins (parts: LoginParts) {
  const { database, users, passwordStore, passwords, checks, rateLimits, lockout, deviceTokens, remembered } = parts
  const { audit, metrics, clock } = parts
  const { signIn, signInByTwo } = createSignIns(parts)
  const { demand } = createSecondSteps(parts)

  return { login }

  /**
   * Opens a session. A wrong password, an unknown address and a disabled account with a wrong password get one refusal
   * after the same work: a read, a bucket, a hash, an audit event. Other obstacles are told only if the password is
   * right.
   * @throws Refusal `invalid_request` with `not_an_address`; `overloaded`; `rate_limited`; `too_many_attempts`;
   * `invalid_credentials`; with the right password `account_disabled`, `approval_pending`, `approval_rejected`,
   * `vendor_suspended`, `wrong_user_type` or, if the account has two steps, `mfa_required`; `unavailable`
   */
  async function login (request: LoginRequest, caller: Caller): Promise<TokenResponse> {
    return await metrics.time('sign_in', () => attempt(request, caller))
  }

  async function attempt (request: LoginRequest, caller: Caller): Promise<TokenResponse> {
    const { canonical } = parseAddress(request.email, '/email')

    const deviceId = request.deviceToken === undefined ? null : deviceTokens.read(request.deviceToken)
    // In a storm of logins most are refused. They are refused here, where it costs neither side anything.
    passwords.assertRoom(deviceId === null
      ? { priority: 'stranger', flow: clientNetwork(caller.ip) }
      : { priority: 'known', flow: deviceId })
    // Without a device a login is counted before the account is read. A device counts by itself only if this account
    // knows it. Otherwise an attacker could make accounts, and get one more device for guessing at others with each.
    const found = deviceId === null ? undefined : await users.findByAddress(canonical, deviceId)
    const knownDeviceId = found?.knownSince ? deviceId : null
    return await rateLimits.count({ policy: 'login', caller, deviceId: knownDeviceId }, async () => {
      const user = found === undefined ? await users.findByAddress(canonical, null) : found
      return await prove(request, { user, deviceId, canonical }, caller)
    })
  }

  async function prove (request: LoginRequest, target: Target, caller: Caller): Promise<TokenResponse> {
    const { user, canonical } = target
    const bucket = bucketOf(target)
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

    const strengthened = await strengthen(user, request.password, hashTurnOf({ bucket, owner: user, caller }))
    // The password is left behind here.
    const { transport, deviceName, deviceToken, replaces } = request
    const wanted = { transport, deviceName, deviceToken, replaces }
    const response = needsBoth(strengthened, clock.now())
      ? await signInRemembered(strengthened, wanted, caller)
      : await signIn(strengthened, wanted, caller)
    if (!response) throw await refuse('invalid_credentials', user, caller)
    return response
  }

  /**
   * Opens a session for the password alone on a device that is remembered.
   * @throws Refusal `mfa_required` on every other device
   */
  async function signInRemembered (user: User, request: SessionRequest, caller: Caller): Promise<TokenResponse | null> {
    const { transport, deviceToken } = request
    const marks = await remembered.markFor(user, deviceToken)
    if (marks === null) {
      const holderId = deviceTokens.recognise(deviceToken)
      throw await demand(user, { purpose: 'login', transport, holderId }, caller)
    }
    const proof = { amr: byPassword, reason: 'remembered_device', marks }
    return await signInByTwo(user, request, proof, caller)
  }

  function bucketOf ({ user, deviceId, canonical }: Target): Bucket {
    if (!user?.knownSince || deviceId === null) return lockout.strangersOf(canonical)
    return lockout.deviceOf(user.id, { deviceId, knownSince: user.knownSince })
  }

  /**
   * Replaces a hash that is weaker than today's, which takes the password: so it is done now, unless there is too much
   * to do. Returns the account as it is then.
   */
  async function strengthen<U extends User> (user: U, password: string, turn: HashTurn): Promise<U> {
    if (!user.passwordHash || !passwords.needsRehash(user.passwordHash)) return user
    try {
      const passwordHash = await passwords.hash(password, turn)
      await passwordStore.rehash(user.id, user.passwordHash, passwordHash)
      return { ...user, passwordHash }
    } catch (error) {
      if (error instanceof Refusal && error.code === 'overloaded') return user
      throw error
    }
  }

  async function refuse (code: RefusalCode, user: User, caller: Caller): Promise<Refusal> {
    await audit.record(database, { event: 'authn_login_fail', outcome: 'failure', reason: code, subject: user, caller })
    metrics.increment('sign_ins', { outcome: code })
    return new Refusal(code)
  }
}

/** What keeps a user from signing in, apart from the proof; told only if that is right. */
export function obstacleOf (user: User, userType: string | undefined): RefusalCode | null {
  if (user.status === 'disabled') return 'account_disabled'
  if (user.approval === 'pending') return 'approval_pending'
  if (user.approval === 'rejected') return 'approval_rejected'
  if (user.vendorStatus === 'suspended') return 'vendor_suspended'
  return userType !== undefined && userType !== user.userType ? 'wrong_user_type' : null
}
