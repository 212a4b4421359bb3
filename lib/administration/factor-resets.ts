import type { Actor } from '../access/authentication.ts'
import type { Audit, AuditEvent } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Database, Transaction } from '../stores/database.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import { needsBoth } from '../tokens/factor-dues.ts'
import type { OneTimeTokens } from '../tokens/one-time-tokens.ts'
import { parseAddress } from '../users/email-address.ts'
import type { User, UserStore } from '../users/user-store.ts'
import type { AdminActions } from './admin-actions.ts'
import { countMail } from './mail-limit.ts'

export interface FactorResetStartParts {
  database: Database
  actions: Pick<AdminActions, 'perform'>
  users: Pick<UserStore, 'find' | 'findByAddress' | 'lockActive'>
  oneTimeTokens: Pick<OneTimeTokens, 'issue'>
  rateLimits: Pick<RateLimits, 'countMail'>
  audit: Pick<Audit, 'record'>
  jobs: Pick<Jobs, 'send'>
  clock: Pick<Clock, 'now'>
}

/**
 * The beginning of a reset of second factors, for a user who has lost them. It mails the user a link and changes
 * nothing else: the link together with the password opens a session that may only add a factor, and that finishes the
 * reset. So neither the mailbox nor an administrator alone gets into an account (ASVS 5.0 6.4.4, NIST 800-63B-4
 * 4.2.2.2), and a user who still signs in by a factor undoes it.
 */
export function createFactorResetStarts (parts: FactorResetStartParts) {
  const { database, actions, users, oneTimeTokens, rateLimits, audit, jobs, clock } = parts

  return { start, startAsOperator }

  /**
   * Begins a reset in the name of an administrator who ranks above the user.
   * @throws Refusal `not_found`; `forbidden`; `conflict` for a disabled account, one whose password alone signs in and
   * one without a password; `rate_limited` if the address has been sent too many mails; `unavailable`
   */
  async function start (userId: string, by: Actor) {
    const known = await users.find(userId)
    // Without an account there is no address to count for; the action throws `not_found`.
    if (!known) await actions.perform(userId, by)
    const mail = { kind: 'second_factor_reset', address: known?.emailCanonical ?? userId }
    await countMail(rateLimits, mail, by, () => actions.perform(userId, by, async ({ tx, subject, auditFields }) => {
      if (subject.status === 'disabled') throw new Refusal('conflict')
      await begin(tx, subject, auditFields)
    }))
  }

  /**
   * Begins a reset in the name of an operator at the command line.
   * @throws Refusal `invalid_request` for what is no address; `not_found`; `conflict` as `start`
   */
  async function startAsOperator (email: string, caller: Caller): Promise<Pick<User, 'id' | 'email'>> {
    const { canonical } = parseAddress(email, '/email')
    const known = await users.findByAddress(canonical)
    return await database.begin(async tx => {
      const subject = known && await users.lockActive(tx, known.id)
      if (!subject) throw new Refusal('not_found', { cause: new Error('No active account has this address.') })
      await begin(tx, subject, { outcome: 'success', subject, caller })
      return { id: subject.id, email: subject.email }
    })
  }

  async function begin (tx: Transaction, subject: User, auditFields: Omit<AuditEvent, 'event'>) {
    if (!needsBoth(subject, clock.now())) throw senseless('The account has no second factor to reset: the password alone signs in.')
    // A new password makes the link worthless, so it comes first.
    if (subject.passwordHash === null) throw senseless('The account has no password: first its user sets one by a link in a mail.')
    const tokenId = await oneTimeTokens.issue(tx, { purpose: 'second_factor_reset', userId: subject.id })
    await audit.record(tx, { ...auditFields, event: 'authn_factor_reset', reason: 'requested' })
    await jobs.send(tx, 'mail', { kind: 'second_factor_reset', tokenId })
  }
}

/** The refusal of a reset that would not help the user. The command line shows the cause. */
function senseless (sentence: string): Refusal {
  return new Refusal('conflict', { sentence, cause: new Error(sentence) })
}
