import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Audit, AuditEvent } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { Revocations } from '../changes/revocations.ts'
import type { UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import type { DeviceTokens } from '../tokens/device-tokens.ts'
import { parseAddress } from '../users/email-address.ts'
import { Refusal, unlessRefused } from '../errors.ts'
import type { FactorRemovals } from '../factors/factor-removals.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Lockout } from '../throttling/lockout.ts'
import type { OneTimeTokens, TakenToken } from '../tokens/one-time-tokens.ts'
import type { PasswordPolicy } from '../passwords/policy.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { CausedMail, RateLimits } from '../throttling/rate-limits.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Database, Transaction } from '../stores/database.ts'
import type { KnownDevice, KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { Purpose } from '../tokens/one-time-token-store.ts'
import type { PasswordStore, ResetUser } from '../users/password-store.ts'
import type { User, UserStore } from '../users/user-store.ts'
import type { Tokens } from '../tokens/access-tokens.ts'

/** The address of an account whose password is forgotten, and what may prove that the request comes from its owner. */
export interface ForgottenPassword extends OwnerProofs { email: string }

/** What the events of a request say about it; `address` where there is no account. */
type RequestTrace = Pick<AuditEvent, 'subject' | 'address' | 'caller'>

interface OwnerProofs { deviceToken?: string | undefined, accessToken?: string | undefined }

/** A token from a mail, and the password that it is to set. */
export interface PasswordReset { token: string, newPassword: string }

export interface PasswordResetParts {
  database: Database
  commit: UnitsOfWork['commit']
  users: UserStore
  passwordStore: Pick<PasswordStore, 'reset'>
  devices: KnownDeviceStore
  factorRemovals: FactorRemovals
  sessions: Sessions
  oneTimeTokens: OneTimeTokens
  tokens: Pick<Tokens, 'readExpired'>
  revocations: Pick<Revocations, 'check'>
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
 * An answer to a forgotten password takes at least this long. The work is the same for every address, but an existing
 * row takes longer to read and to reference than a missing one, and the answer must not show that.
 */
const answerTimeMinMs = 50

/** The tokens that set a password. */
const resetPurposes = ['password_reset', 'invitation'] as const satisfies readonly Purpose[]

/**
 * The tokens that are revoked when a password changes: a thief who knew the old password may have requested a change of
 * the address. A reset of second factors counts together with the password of its time, so that the mailbox, which can
 * reset both, does not suffice. An `email_undo` stays, because it lets the owner of a stolen account return.
 */
export const outdatedByPassword = [
  ...resetPurposes,
  'email_change',
  'second_factor_reset'
] as const satisfies readonly Purpose[]

/** The reset of a forgotten password by a link in a mail. */
export function createPasswordResets (parts: PasswordResetParts) {
  const { database, commit, users, passwordStore, devices, factorRemovals, sessions, oneTimeTokens } = parts
  const { tokens, deviceTokens, revocations, policy, passwords, rateLimits, lockout, audit, jobs, clock } = parts

  return { forgotPassword, resetPassword }

  /**
   * Mails a link to the owner of an address. The answer does not tell whether there is an account: the work is the
   * same, including the token's row and the mail's job, but a token without a user is not mailed. Beyond the limit of
   * mails nothing is written for either, except for an event a minute.
   * @throws Refusal `invalid_request` with `not_an_address`; `unavailable`
   */
  async function forgotPassword ({ email, ...proofs }: ForgottenPassword, caller: Caller) {
    const address = parseAddress(email, '/email')

    await Promise.all([request(address.canonical, proofs, caller), pause(answerTimeMinMs)])
  }

  async function request (address: string, { deviceToken, accessToken }: OwnerProofs, caller: Caller) {
    const deviceId = deviceToken === undefined ? null : deviceTokens.read(deviceToken)
    const user = await users.findByAddress(address, deviceId)
    const owner = (user?.knownSince && deviceId) || await sessionOf(user, accessToken)

    const mail = { kind: 'password_reset', address, caller, owner }
    const about = { subject: user, ...!user && { address }, caller }
    await rateLimits.countMail(mail, mayMail => mayMail ? mailLink(user, about) : recordRefusal(mail, about))
  }

  async function mailLink (user: User | null, about: RequestTrace) {
    await database.begin(async tx => {
      const userId = user?.status === 'active' ? user.id : null
      const tokenId = await oneTimeTokens.issue(tx, { purpose: 'password_reset', userId })
      await audit.record(tx, { ...about, event: 'authn_password_reset_request', outcome: 'success' })
      await jobs.send(tx, 'mail', { kind: 'password_reset', tokenId })
    })
  }

  // Anybody can request mails beyond the limit as often as they like, so most of these requests leave nothing.
  async function recordRefusal (mail: CausedMail, about: RequestTrace) {
    if (!await rateLimits.mayRecordRefusal(mail)) return
    const event = 'authn_password_reset_request'
    await audit.record(database, { ...about, event, outcome: 'failure', reason: 'rate_limited' })
  }

  /**
   * Sets a password by a token from a mail, which also proves the address. Every session ends, and the account forgets
   * every device; the device token in the answer is for the only one that it knows then. It does not sign in. Factors
   * stay, unless this is the first proof of the address. The token can be used again if the reset is refused or fails.
   * @throws Refusal `token_invalid`; `password_rejected`; `rate_limited`; `overloaded`; `unavailable`
   */
  async function resetPassword (reset: PasswordReset, caller: Caller) {
    return await rateLimits.count({ policy: 'password-reset', caller }, () => {
      return attempt(reset, caller).catch(error => recordFailure(error, caller))
    })
  }

  async function attempt ({ token, newPassword }: PasswordReset, caller: Caller) {
    const { userId } = await oneTimeTokens.find(token, ...resetPurposes)
    const turn = { priority: 'known', flow: userId } as const
    passwords.assertRoom(turn)
    const user = await users.find(userId)
    if (user?.status !== 'active') throw new Refusal('token_invalid')

    const errors = await policy.check(newPassword, [user.email, user.fullName], '/new_password')
    if (errors.length) throw new Refusal('password_rejected', { errors })

    // Of many requests at once with one token, only one gets as far as the hash.
    const taken = await oneTimeTokens.take(token, ...resetPurposes)
    try {
      return await replace(user, taken, await passwords.hash(newPassword, turn), caller)
    } catch (error) {
      await oneTimeTokens.release(taken)
      throw error
    }
  }

  async function replace (subject: User, taken: TakenToken, passwordHash: string, caller: Caller) {
    const now = new Date(clock.now())
    // The browser gets a new id even if it has one, because a thief may have a copy of its device token.
    const deviceId = randomUUID()

    const forgotten = await commit(async unit => {
      const { tx } = unit
      const user = await passwordStore.reset(tx, subject.id, passwordHash, now)
      if (!user) throw new Refusal('token_invalid')
      await oneTimeTokens.spend(tx, taken)
      await oneTimeTokens.revoke(tx, subject.id, outdatedByPassword)

      const reason = taken.purpose === 'invitation' ? 'invitation' : 'reset'
      const { eventId } = await sessions.recordEpochRaise(unit, {
        user: { id: subject.id, ...user },
        reason: 'password_changed',
        event: {
          event: 'authn_password_change',
          outcome: 'success',
          reason,
          actorId: subject.id,
          subject,
          caller
        }
      })
      if (user.isFirstProof) await removeFactors(tx, subject, user, caller)
      const forgotten = await devices.forget(tx, subject.id)
      await devices.remember(tx, subject.id, deviceId, now)
      await jobs.send(tx, 'mail', { kind: 'password_changed', userId: subject.id, how: 'reset', eventId })
      return forgotten
    }, subject.id)
    await unlockBuckets(subject, forgotten)

    return { device_token: deviceTokens.issue(deviceId) }
  }

  // Nobody has proved the mailbox before: its factors may be those of a stranger who has registered the address. They
  // would sign the stranger in for ever, or keep the owner out.
  async function removeFactors (tx: Transaction, subject: User, { hadTwoStep }: ResetUser, caller: Caller) {
    const userId = subject.id
    const { hasRemoved } = await factorRemovals.removeSince(tx, userId)
    if (!hasRemoved) return

    const event = { event: 'authn_factor_removed', outcome: 'success', reason: 'address_proved' } as const
    const eventId = await audit.record(tx, { ...event, actorId: userId, subject, caller })
    if (hadTwoStep) await jobs.send(tx, 'mail', { kind: 'second_factor_removed', userId, eventId })
  }

  // The password has been set by now, so the request does not fail if Redis does not answer: the new device has a
  // bucket of its own.
  async function unlockBuckets ({ id, emailCanonical }: User, forgotten: KnownDevice[]) {
    const ofDevices = forgotten.map(device => lockout.deviceOf(id, device))
    await lockout.unlock([lockout.strangersOf(emailCanonical), ...ofDevices]).catch(error => {
      if (!(error instanceof Refusal && error.code === 'unavailable')) throw error
    })
  }

  async function recordFailure (error: unknown, caller: Caller): Promise<never> {
    if (error instanceof Refusal && error.code === 'token_invalid') {
      await audit.record(database, {
        event: 'authn_password_change_fail',
        outcome: 'failure',
        reason: 'token_invalid',
        subject: null,
        caller
      })
    }
    throw error
  }

  /** The id of the session, for a live access token of this user that is not revoked as far as this node knows. */
  async function sessionOf (user: User | null, accessToken: string | undefined): Promise<string | undefined> {
    const access = accessToken === undefined ? null : tokens.readExpired(accessToken)
    if (!access?.isLive || access.claims.sub !== user?.id) return undefined

    const { claims } = access
    return await unlessRefused(() => { revocations.check(claims); return claims.sid }) ?? undefined
  }
}
