import type { Actor } from '../access/authentication.ts'
import { outdatedByPassword } from '../accounts/password-resets.ts'
import type { Audit, AuditEvent } from '../audit/audit.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { FactorRemovals } from '../factors/factor-removals.ts'
import type { Caller } from '../http/caller.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Transaction } from '../stores/database.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import { needsBoth } from '../tokens/factor-dues.ts'
import type { OneTimeTokens } from '../tokens/one-time-tokens.ts'
import { parseAddress } from '../users/email-address.ts'
import type { PasswordStore } from '../users/password-store.ts'
import type { User, UserStore } from '../users/user-store.ts'
import type { AdminAction, AdminActions } from './admin-actions.ts'
import { countMail } from './mail-limit.ts'

export interface FactorResetStartParts {
  commit: UnitsOfWork['commit']
  actions: Pick<AdminActions, 'perform'>
  users: Pick<UserStore, 'find' | 'findByAddress' | 'lockActive' | 'lockAny' | 'setTwoStep'>
  passwordStore: Pick<PasswordStore, 'revoke'>
  sessions: Pick<Sessions, 'recordEpochRaise'>
  factorRemovals: FactorRemovals
  devices: Pick<KnownDeviceStore, 'forgetSecondFactors'>
  oneTimeTokens: Pick<OneTimeTokens, 'issue' | 'isRestorable' | 'revoke'>
  rateLimits: Pick<RateLimits, 'countMail'>
  audit: Pick<Audit, 'record'>
  jobs: Pick<Jobs, 'send'>
  clock: Pick<Clock, 'now'>
}

/** What a reset has done: mailed a link, or removed factors that no sign-in asks for. */
export type FactorResetStart = 'mailed' | 'removed'

/**
 * The beginning of a reset of second factors, for a user who has lost them. It mails the user a link and changes
 * nothing else: the link together with the password opens a session that may only add a factor, and that finishes the
 * reset. So neither the mailbox nor an administrator alone gets into an account (ASVS 5.0 6.4.4, NIST 800-63B-4
 * 4.2.2.2), and a user who still signs in by a factor undoes it.
 *
 * Where the password alone signs in, factors protect nothing, and a link would be one more way in. There the reset
 * removes them at once: a passkey may be somebody else's, who had the password once and signs in by it ever since.
 */
export function createFactorResetStarts (parts: FactorResetStartParts) {
  const { commit, actions, users, passwordStore, sessions, devices, factorRemovals } = parts
  const { oneTimeTokens, rateLimits, audit, jobs, clock } = parts

  return { start, startAsOperator, removeAsOperator }

  /**
   * Begins a reset in the name of an administrator who ranks above the user.
   * @throws Refusal `not_found`; `forbidden`; `conflict` for a disabled account, one without any factor, and one that
   * needs two and has no password or an address that may still be undone; `rate_limited` if the address has been sent
   * too many mails; `unavailable`
   */
  async function start (userId: string, by: Actor) {
    const known = await users.find(userId)
    // Without an account there is no address to count for; the action throws `not_found`.
    if (!known) await actions.perform(userId, by)
    const mail = { kind: 'second_factor_reset', address: known?.emailCanonical ?? userId }
    await countMail(rateLimits, mail, by, () => actions.perform(userId, by, async action => {
      if (action.subject.status === 'disabled') throw new Refusal('conflict')
      await assertSettled(action)
      await begin(action, action.subject, action.auditFields)
    }))
  }

  /**
   * Begins a reset in the name of an operator at the command line.
   * @throws Refusal `invalid_request` for what is no address; `not_found`; `conflict` as `start`
   */
  async function startAsOperator (
    email: string, caller: Caller
  ): Promise<Pick<User, 'id' | 'email'> & { outcome: FactorResetStart }> {
    const { canonical } = parseAddress(email, '/email')
    const known = await users.findByAddress(canonical)
    return await commit(async unit => {
      const subject = known && await users.lockActive(unit.tx, known.id)
      if (!subject) throw new Refusal('not_found', { cause: new Error('No active account has this address.') })
      const outcome = await begin(unit, subject, { outcome: 'success', subject, caller })
      return { id: subject.id, email: subject.email, outcome }
    })
  }

  /**
   * Removes every factor and the password in the name of an operator, also from a disabled account: a thief may have
   * added a passkey, switched two steps on, and use up the link of every reset by signing in. From then on nothing but
   * a link to the mailbox opens the account.
   * @throws Refusal `invalid_request` for what is no address; `not_found`; `conflict` for an account that has neither
   */
  async function removeAsOperator (email: string, caller: Caller): Promise<Pick<User, 'id' | 'email'>> {
    const { canonical } = parseAddress(email, '/email')
    const known = await users.findByAddress(canonical)
    return await commit(async unit => {
      const subject = known && await users.lockAny(unit.tx, known.id)
      if (!subject) throw new Refusal('not_found', { cause: new Error('No account has this address.') })
      await removeEverything(unit, subject, { outcome: 'success', subject, caller })
      return { id: subject.id, email: subject.email }
    })
  }

  // Otherwise one administrator alone could take an account over: by giving it another address, setting a new password
  // by a mail to that, and resetting its second factors by one more mail.
  async function assertSettled ({ tx, subject }: AdminAction) {
    if (needsBoth(subject, clock.now()) && await oneTimeTokens.isRestorable(tx, subject)) {
      throw senseless('The address of the account was changed within a week, and its earlier one may still be restored.')
    }
  }

  async function begin (unit: UnitOfWork, subject: User, auditFields: AuditFields): Promise<FactorResetStart> {
    if (needsBoth(subject, clock.now())) {
      await mailLink(unit.tx, subject, auditFields)
      return 'mailed'
    }
    await remove(unit, subject, auditFields)
    return 'removed'
  }

  async function mailLink (tx: Transaction, subject: User, auditFields: AuditFields) {
    // A new password makes the link worthless, so it comes first.
    if (subject.passwordHash === null) {
      throw senseless('The account has no password: first its user sets one by a link in a mail.')
    }
    const tokenId = await oneTimeTokens.issue(tx, { purpose: 'second_factor_reset', userId: subject.id })
    await audit.record(tx, { ...auditFields, event: 'authn_factor_reset', reason: 'requested' })
    await jobs.send(tx, 'mail', { kind: 'second_factor_reset', tokenId })
  }

  async function remove (unit: UnitOfWork, { id: userId }: User, auditFields: AuditFields) {
    const { hasRemoved } = await factorRemovals.removeSince(unit.tx, userId)
    if (!hasRemoved) throw senseless('The account has no second factor to reset.')
    await finishRemoval(unit, userId, auditFields)
  }

  async function removeEverything (unit: UnitOfWork, { id: userId }: User, auditFields: AuditFields) {
    const { tx } = unit
    const { hasRemoved } = await factorRemovals.removeSince(tx, userId)
    const hadPassword = await passwordStore.revoke(tx, userId, new Date(clock.now()))
    if (!hasRemoved && !hadPassword) throw senseless('The account has neither a second factor nor a password.')
    await oneTimeTokens.revoke(tx, userId, outdatedByPassword)
    await finishRemoval(unit, userId, auditFields)
    if (hadPassword) await audit.record(tx, { ...auditFields, event: 'authn_password_removed', reason: 'by_operator' })
  }

  async function finishRemoval (unit: UnitOfWork, userId: string, auditFields: AuditFields) {
    const { eventId } = await sessions.recordEpochRaise(unit, {
      user: { id: userId, sessionEpoch: await users.setTwoStep(unit.tx, userId, false) },
      reason: 'factors_changed',
      event: { ...auditFields, event: 'authn_factor_reset', reason: 'removed' }
    })
    await devices.forgetSecondFactors(unit.tx, userId)
    await jobs.send(unit.tx, 'mail', { kind: 'second_factors_removed', userId, eventId })
  }
}

type AuditFields = Omit<AuditEvent, 'event'>

/** The refusal of a reset that would not help the user. The command line shows the cause. */
function senseless (sentence: string): Refusal {
  return new Refusal('conflict', { sentence, cause: new Error(sentence) })
}
