import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Audit } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import type { DeviceTokens } from '../tokens/device-tokens.ts'
import { parseAddress } from '../users/email-address.ts'
import { Refusal } from '../errors.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Lockout } from '../throttling/lockout.ts'
import type { OneTimeTokens, TakenToken } from '../tokens/one-time-tokens.ts'
import type { PasswordPolicy } from '../passwords/policy.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Database } from '../stores/database.ts'
import type { KnownDevice, KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { Purpose } from '../tokens/one-time-token-store.ts'
import type { User, UserStore } from '../users/user-store.ts'
import type { Tokens } from '../tokens/access-tokens.ts'

/** Somebody who says that the password of an account is forgotten, and what else they have of it. */
export interface ForgottenPassword { email: string, deviceToken?: string | undefined, accessToken?: string | undefined }

export interface PasswordResetParts {
  database: Database
  commit: UnitsOfWork['commit']
  users: UserStore
  devices: KnownDeviceStore
  sessions: Sessions
  oneTimeTokens: OneTimeTokens
  tokens: Pick<Tokens, 'readExpired'>
  deviceTokens: DeviceTokens
  policy: PasswordPolicy
  passwords: Passwords
  rateLimits: RateLimits
  lockout: Pick<Lockout, 'strangersOf' | 'deviceOf' | 'unlock'>
  audit: Audit
  jobs: Pick<Jobs, 'send'>
  clock: Clock
}

/**
 * Milliseconds before which nobody is answered who has forgotten a password. The work is the same for
 * every address, but a row that is there takes longer to read and to refer to than one that is not.
 */
const evenly = 50

/** What sets a password by its mail alone. */
const accepted = ['password_reset', 'invitation'] as const satisfies readonly Purpose[]

/**
 * What is worth nothing any more once a password has changed: whoever had the old one may have asked
 * for a new address. An `email_undo` stays, it is the way back of who was robbed of theirs.
 */
export const outdatedByPassword = [...accepted, 'email_change'] as const satisfies readonly Purpose[]

/** A forgotten password: a link by mail, and by that link a new password. */
export function createPasswordResets ({ database, commit, users, devices, sessions, oneTimeTokens, tokens, deviceTokens, policy, passwords, rateLimits, lockout, audit, jobs, clock }: PasswordResetParts) {
  return { forgotPassword, resetPassword }

  /**
   * Has a link mailed to the owner of an address. Whether it has one nobody learns: it is the same
   * answer after the same work, down to the token's row and the mail's job; what is nobody's is not mailed.
   */
  async function forgotPassword ({ email, ...proofs }: ForgottenPassword, caller: Caller) {
    const address = parseAddress(email, '/email')

    await Promise.all([ask(address.canonical, proofs, caller), pause(evenly)])
  }

  async function ask (address: string, { deviceToken, accessToken }: Omit<ForgottenPassword, 'email'>, caller: Caller) {
    const deviceId = deviceToken === undefined ? null : deviceTokens.read(deviceToken)
    const user = await users.findByAddress(address, deviceId)
    const owner = (user?.knownSince && deviceId) || sessionOf(user, accessToken)

    await rateLimits.countMail({ kind: 'password_reset', address, caller, owner }, mayMail => database.begin(async tx => {
      // Beyond the limit too it is nobody's: a link that is not mailed must not outdo the one that was.
      const tokenId = await oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: mayMail && user?.status === 'active' ? user.id : null })
      await audit.record(tx, {
        event: 'authn_password_reset_request',
        ...mayMail ? { outcome: 'success' } : { outcome: 'failure', reason: 'rate_limited' },
        subject: user,
        ...!user && { address },
        caller
      })
      await jobs.send(tx, 'mail', { kind: 'password_reset', tokenId })
    }))
  }

  /**
   * Sets a password for a token out of a mail, which proves the address too. Every session ends and
   * no device is known any more but the one whose token is answered. Nobody is signed in by it. What is
   * refused or fails spends nothing.
   */
  async function resetPassword (request: { token: string, newPassword: string }, caller: Caller) {
    return await rateLimits.count({ policy: 'password-reset', caller }, () => attempt(request, caller).catch(error => note(error, caller)))
  }

  async function attempt ({ token, newPassword }: { token: string, newPassword: string }, caller: Caller) {
    const { userId } = await oneTimeTokens.find(token, ...accepted)
    passwords.assertRoom('known')
    const user = await users.find(userId)
    if (user?.status !== 'active') throw new Refusal('token_invalid')

    const errors = await policy.check(newPassword, [user.email, user.fullName], '/new_password')
    if (errors.length) throw new Refusal('password_rejected', { errors })

    // Of many that come at once with one token, one gets as far as the hash.
    const taken = await oneTimeTokens.take(token, ...accepted)
    try {
      return await replace(user, taken, await passwords.hash(newPassword, 'known'), caller)
    } catch (error) {
      await oneTimeTokens.release(taken)
      throw error
    }
  }

  async function replace (subject: User, taken: TakenToken, passwordHash: string, caller: Caller) {
    const now = new Date(clock.now())
    // A new one even for a browser that has one: a thief may have a copy of that.
    const deviceId = randomUUID()

    const forgotten = await commit(async unit => {
      const { tx } = unit
      const user = await users.resetPassword(tx, subject.id, passwordHash, now)
      if (!user) throw new Refusal('token_invalid')
      await oneTimeTokens.spend(tx, taken)
      await oneTimeTokens.revoke(tx, subject.id, outdatedByPassword)

      const reason = taken.purpose === 'invitation' ? 'invitation' : 'reset'
      const { eventId } = await sessions.recordEpochRaise(unit, {
        user: { id: subject.id, ...user },
        reason: 'password_changed',
        event: { event: 'authn_password_change', outcome: 'success', reason, actorId: subject.id, subject, caller }
      })
      const forgotten = await devices.forget(tx, subject.id)
      await devices.remember(tx, subject.id, deviceId, now)
      await jobs.send(tx, 'mail', { kind: 'password_changed', userId: subject.id, how: 'reset', eventId })
      return forgotten
    })
    await openLanes(subject, forgotten)

    return { device_token: deviceTokens.issue(deviceId) }
  }

  // The password has been set by now. Where this cannot be done, the device that is handed out still has
  // a bucket of its own.
  async function openLanes ({ id, emailCanonical }: User, forgotten: KnownDevice[]) {
    await lockout.unlock([lockout.strangersOf(emailCanonical), ...forgotten.map(device => lockout.deviceOf(id, device))]).catch(error => {
      if (!(error instanceof Refusal && error.code === 'unavailable')) throw error
    })
  }

  async function note (error: unknown, caller: Caller): Promise<never> {
    if (error instanceof Refusal && error.code === 'token_invalid') {
      await audit.record(database, { event: 'authn_password_change_fail', outcome: 'failure', reason: 'token_invalid', subject: null, caller })
    }
    throw error
  }

  function sessionOf (user: User | null, accessToken: string | undefined): string | undefined {
    const access = accessToken === undefined ? null : tokens.readExpired(accessToken)
    return access?.isLive && access.claims.sub === user?.id ? access.claims.sid : undefined
  }
}
