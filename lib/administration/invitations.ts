import { randomUUID } from 'node:crypto'
import type { Approvals } from '../access/approvals.ts'
import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import { parseAddress } from '../users/email-address.ts'
import type { EmailAddress } from '../users/email-address.ts'
import { Refusal } from '../errors.ts'
import { mayGrant } from '../access/hierarchy.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { OneTimeTokens } from '../tokens/one-time-tokens.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { Roles } from '../access/roles.ts'
import type { Database, Transaction } from '../stores/database.ts'
import type { HierarchyStore } from '../access/hierarchy-store.ts'
import type { NewUser, User, UserStore } from '../users/user-store.ts'
import type { Actor } from '../access/authentication.ts'
import type { Act, UserActs } from './acts.ts'
import { presentUser } from '../users/user-view.ts'

/** An account that somebody makes for somebody else. */
export interface Invitation { email: string, fullName: string, role: string, vendorId?: string | null | undefined, locale?: string | undefined }

export interface UserInvitationParts {
  database: Database
  acts: UserActs
  users: Pick<UserStore, 'insert' | 'find'>
  hierarchy: Pick<HierarchyStore, 'role'>
  roles: Pick<Roles, 'may'>
  approvals: Pick<Approvals, 'announce'>
  oneTimeTokens: Pick<OneTimeTokens, 'issue'>
  rateLimits: Pick<RateLimits, 'countMail'>
  audit: Pick<Audit, 'record' | 'createSubject'>
  jobs: Pick<Jobs, 'send'>
  metrics: Pick<Metrics, 'increment'>
  clock: Pick<Clock, 'now'>
}

/** Accounts that administrators make, and the mails by which their owners get a password: nobody else sets or sees one. */
export function createUserInvitations ({ database, acts, users, hierarchy, roles, approvals, oneTimeTokens, rateLimits, audit, jobs, metrics, clock }: UserInvitationParts) {
  return { create, sendPasswordReset }

  /**
   * Makes an account without a password and has its owner invited to choose one, which confirms the address.
   * @throws Refusal `invalid_request` for an address, a role or a vendor that there is not; `forbidden` for a role
   * that is not below the actor's; `conflict` for an address that has an account; `rate_limited`
   */
  async function create (invitation: Invitation, by: Actor) {
    const address = parseAddress(invitation.email, '/email')

    const user = await counted('invitation', address.canonical, by, () => database.begin(tx => make(tx, invitation, address, by)))
    metrics.increment('sign_ups', { outcome: 'invited' })
    return { user: presentUser(user) }
  }

  async function make (tx: Transaction, { fullName, role: name, vendorId = null, locale = 'en' }: Invitation, address: EmailAddress, by: Actor): Promise<User> {
    const id = randomUUID()
    const actor = await acts.actorOf(tx, by)
    const role = await hierarchy.role(tx, name)
    if (!role) throw unknownRole()
    if (!mayGrant(actor, role)) throw new Refusal('forbidden')

    const approval = approvalIn(role, 'not_required', roles.may(actor.role, 'users:approve'))
    const account: NewUser = { id, email: address.address, emailCanonical: address.canonical, emailVerified: false, passwordHash: null, fullName, locale, role: role.name, vendorId, approval }
    if (!await users.insert(tx, account, new Date(clock.now()))) throw new Refusal('conflict')

    const subject = await audit.createSubject(tx, id)
    await audit.record(tx, {
      event: 'user_created',
      outcome: 'success',
      reason: 'by_administrator',
      actorId: actor.id,
      subject,
      caller: by.caller,
      personal: { after: { email: address.address, full_name: fullName, role: role.name, vendor_id: vendorId, locale, approval } }
    })
    await mailLink(tx, 'invitation', id)
    if (approval === 'pending') await approvals.announce(tx, id)

    const user = await users.find(id, tx)
    if (!user) throw new Error('an account that has just been made is there')
    return user
  }

  /**
   * Mails a user the way to a new password, or once more the invitation that has not been taken.
   * @throws Refusal `conflict` for a disabled account, whose owner gets no such mail; `rate_limited` for more mails than
   * an address gets
   */
  async function sendPasswordReset (userId: string, by: Actor) {
    const known = await users.find(userId)
    // Without an account there is nobody to count for; the act says so.
    if (!known) await acts.act(userId, by)
    await counted('password_reset', known?.emailCanonical ?? userId, by, () => acts.act(userId, by, async act => {
      if (act.subject.status === 'disabled') throw new Refusal('conflict')
      await mailReset(act)
    }))
  }

  async function mailReset ({ tx, subject, trail }: Act) {
    const isInvited = subject.passwordHash === null && !subject.emailVerified
    await audit.record(tx, { ...trail, event: 'authn_password_reset_request', reason: 'by_administrator' })
    await mailLink(tx, isInvited ? 'invitation' : 'password_reset', subject.id)
  }

  async function mailLink (tx: Transaction, kind: 'invitation' | 'password_reset', userId: string) {
    const tokenId = await oneTimeTokens.issue(tx, { purpose: kind, userId })
    await jobs.send(tx, 'mail', { kind, tokenId })
  }

  // Of a limit that others cannot see either, who administers is told.
  async function counted<T> (kind: string, address: string, { principal, caller }: Actor, work: () => Promise<T>): Promise<T> {
    return await rateLimits.countMail({ kind, address, caller, owner: principal.sessionId }, async mayMail => {
      if (!mayMail) throw new Refusal('rate_limited', { retryAfter: 3600 })
      return await work()
    })
  }
}

/**
 * How an account stands that is given a role by hand: whoever may approve has approved by that; whoever may not cannot
 * let anybody in by way of another role either.
 */
export function approvalIn (role: { requiresApproval: boolean }, before: User['approval'], mayApprove: boolean): User['approval'] {
  if (!role.requiresApproval) return mayApprove || before === 'approved' ? 'not_required' : before
  if (before !== 'not_required') return before
  return mayApprove ? 'approved' : 'pending'
}

/** What is refused to who names a role that there is not. */
export function unknownRole () {
  return new Refusal('invalid_request', { errors: [{ path: '/role', code: 'unknown', message: 'is no role' }] })
}
