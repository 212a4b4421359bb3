import { randomUUID } from 'node:crypto'
import type { Approvals } from '../access/approvals.ts'
import type { Actor } from '../access/authentication.ts'
import type { HierarchyStore, RankedUser } from '../access/hierarchy-store.ts'
import type { Roles } from '../access/roles.ts'
import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Database, Transaction } from '../stores/database.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { OneTimeTokens } from '../tokens/one-time-tokens.ts'
import { parseNewAddress } from '../users/email-address.ts'
import type { EmailAddress } from '../users/email-address.ts'
import type { NewUser, User, UserStore } from '../users/user-store.ts'
import { presentUser } from '../users/user-view.ts'
import type { AdminAction, AdminActions } from './admin-actions.ts'
import { countMail } from './mail-limit.ts'
import { assignRole } from './role-assignment.ts'

/** An account that an administrator creates for its future owner. */
export interface Invitation {
  email: string
  fullName: string
  role: string
  vendorId?: string | null | undefined
  locale?: string | undefined
}

export interface UserInvitationParts {
  database: Database
  actions: Pick<AdminActions, 'perform' | 'lockActor'>
  users: Pick<UserStore, 'insert' | 'find'>
  hierarchy: Pick<HierarchyStore, 'role'>
  roles: Pick<Roles, 'may'>
  approvals: Pick<Approvals, 'announce'>
  oneTimeTokens: Pick<OneTimeTokens, 'issue' | 'isPromised'>
  rateLimits: Pick<RateLimits, 'countMail'>
  audit: Pick<Audit, 'record' | 'createSubject'>
  jobs: Pick<Jobs, 'send'>
  metrics: Pick<Metrics, 'increment'>
  clock: Pick<Clock, 'now'>
}

/**
 * Accounts that administrators create, and the mails by which their owners choose a password: an administrator never
 * sets or sees one.
 */
export function createUserInvitations ({
  database, actions, users, hierarchy, roles, approvals, oneTimeTokens, rateLimits, audit, jobs, metrics, clock
}: UserInvitationParts) {
  return { create, sendPasswordReset }

  /**
   * Creates an account without a password and mails its owner an invitation to choose one, which also confirms the
   * address.
   * @throws Refusal `invalid_request` for an invalid address and for an unknown role or vendor; `forbidden` for a role
   * that is not below the actor's; `reauthentication_required` for a role of high rank, if the sign-in is not recent;
   * `conflict` for an address that has an account or that the owner of one may still restore; `rate_limited` if the
   * address has been sent too many mails
   */
  async function create (invitation: Invitation, by: Actor) {
    const address = parseNewAddress(invitation.email, '/email')
    const mail = { kind: 'invitation', address: address.canonical }

    const user = await countMail(rateLimits, mail, by, () => database.begin(tx => invite(tx, invitation, address, by)))
    metrics.increment('sign_ups', { outcome: 'invited' })
    return { user: presentUser(user) }
  }

  async function invite (tx: Transaction, invitation: Invitation, address: EmailAddress, by: Actor): Promise<User> {
    const actor = await actions.lockActor(tx, by)
    const account = await insert(tx, invitation, address, actor, by)
    await recordCreation(tx, account, actor, by)
    await mailLink(tx, 'invitation', account.id)
    if (account.approval === 'pending') await approvals.announce(tx, account.id)

    const user = await users.find(account.id, tx)
    if (!user) throw new Error('an account that has just been made is there')
    return user
  }

  async function insert (
    tx: Transaction,
    invitation: Invitation,
    address: EmailAddress,
    actor: RankedUser,
    by: Actor
  ) {
    const { fullName, vendorId = null, locale = 'en' } = invitation
    const assigned = { name: invitation.role, actor, by, approval: 'not_required' } as const
    const { role, approval } = await assignRole(tx, { hierarchy, roles, clock }, assigned)
    const account = {
      id: randomUUID(),
      email: address.address,
      emailCanonical: address.canonical,
      emailVerified: false,
      passwordHash: null,
      fullName,
      locale,
      role: role.name,
      vendorId,
      approval
    }
    // Nor is an address taken to which its owner may still bring back an account that somebody has moved away.
    const isFree = !await oneTimeTokens.isPromised(tx, address.canonical)
    if (!isFree || !await users.insert(tx, account, new Date(clock.now()))) throw new Refusal('conflict')
    return account
  }

  async function recordCreation (tx: Transaction, account: NewUser, actor: RankedUser, { caller }: Actor) {
    const { id, email, fullName, role, vendorId, locale, approval } = account
    const subject = await audit.createSubject(tx, id)
    await audit.record(tx, {
      event: 'user_created',
      outcome: 'success',
      reason: 'by_administrator',
      actorId: actor.id,
      subject,
      caller,
      personal: { after: { email, full_name: fullName, role, vendor_id: vendorId, locale, approval } }
    })
  }

  /**
   * Mails a user a link to choose a new password; a user who has not accepted the invitation gets that once more.
   * @throws Refusal `conflict` for a disabled account, whose owner gets no such mail; `rate_limited` if the address has
   * been sent too many mails
   */
  async function sendPasswordReset (userId: string, by: Actor) {
    const known = await users.find(userId)
    // Without an account there is no address to count for; the action throws `not_found`.
    if (!known) await actions.perform(userId, by)
    const mail = { kind: 'password_reset', address: known?.emailCanonical ?? userId }
    await countMail(rateLimits, mail, by, () => actions.perform(userId, by, mailReset))
  }

  async function mailReset ({ tx, subject, auditFields }: AdminAction) {
    if (subject.status === 'disabled') throw new Refusal('conflict')
    const isInvited = subject.passwordHash === null && !subject.emailVerified
    await audit.record(tx, { ...auditFields, event: 'authn_password_reset_request', reason: 'by_administrator' })
    await mailLink(tx, isInvited ? 'invitation' : 'password_reset', subject.id)
  }

  async function mailLink (tx: Transaction, kind: 'invitation' | 'password_reset', userId: string) {
    const tokenId = await oneTimeTokens.issue(tx, { purpose: kind, userId })
    await jobs.send(tx, 'mail', { kind, tokenId })
  }
}
