import type { Approvals } from '../access/approvals.ts'
import type { Actor } from '../access/authentication.ts'
import type { HierarchyStore } from '../access/hierarchy-store.ts'
import { highestRole } from '../access/hierarchy.ts'
import type { Roles } from '../access/roles.ts'
import { recentSeconds } from '../access/step-up.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import { assertMatch } from '../http/entity-tags.ts'
import type { IfMatch } from '../http/entity-tags.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import { assertSteppedUp } from '../tokens/step-up.ts'
import { assertDeliverable, parseAddress } from '../users/email-address.ts'
import type { EmailAddress } from '../users/email-address.ts'
import type { Amendment, User, UserStore } from '../users/user-store.ts'
import { presentUser } from '../users/user-view.ts'
import type { AdminAction, AdminActions } from './admin-actions.ts'
import type { Applicants } from './applicants.ts'
import { countMail } from './mail-limit.ts'
import { assignRole } from './role-assignment.ts'
import type { UserAmendments } from './user-amendments.ts'

/** The new values of an account; those that are left out stay. */
export type UserUpdate = Pick<Amendment, 'fullName' | 'locale' | 'role' | 'vendorId'> & { email?: string }

/** An update whose address has been read. */
interface Request { change: Omit<UserUpdate, 'email'>, address: EmailAddress | null, ifMatch: IfMatch | null }

export interface UserUpdateParts {
  actions: Pick<AdminActions, 'perform'>
  amendments: UserAmendments
  applicants: Pick<Applicants, 'admit'>
  users: Pick<UserStore, 'find'>
  hierarchy: Pick<HierarchyStore, 'role'>
  roles: Pick<Roles, 'may'>
  approvals: Pick<Approvals, 'announce'>
  accounts: Pick<Accounts, 'requestEmailChange'>
  rateLimits: Pick<RateLimits, 'countMail'>
  clock: Pick<Clock, 'now'>
}

/** Changes of name, language, role, vendor and address by an administrator. */
export function createUserUpdates ({
  actions, amendments, applicants, users, hierarchy, roles, approvals, accounts, rateLimits, clock
}: UserUpdateParts) {
  return { update }

  /**
   * Changes an account. A new address is only requested: both addresses get a mail, and the new one has to confirm.
   * @throws Refusal `invalid_request` for an invalid address and for an unknown role or vendor; `forbidden` for a role
   * that is not below the actor's; `reauthentication_required` for a role of high rank and for a new address, if the
   * sign-in is not recent; `conflict` for a new address of a disabled account; `rate_limited` if either address has
   * been sent too many mails; `stale` if the user is not any more as `ifMatch` says
   */
  async function update (
    userId: string, { email, ...change }: UserUpdate, by: Actor, ifMatch: IfMatch | null
  ) {
    const address = email === undefined ? null : parseAddress(email, '/email')
    const present = address === null ? null : await users.find(userId)
    const isUnchanged = address === null || present?.emailCanonical === address.canonical
    if (isUnchanged) return await amend(userId, { change, address: null, ifMatch }, by)

    assertDeliverable(address, '/email')
    // The owner of the new address can set a password, so this needs what a link to a new password needs. It is judged
    // before the mail is counted, so that an administrator who has to enter the password first uses up no mail.
    assertSteppedUp(by.principal, { maxAge: recentSeconds }, clock.now())
    // Both addresses get a mail. Without an account there is no present address; the action throws `not_found`.
    const toOwner = { kind: 'email_change', address: present?.emailCanonical ?? userId }
    const toNewAddress = { kind: 'email_change', address: address.canonical }
    return await countMail(rateLimits, toOwner, by, () =>
      countMail(rateLimits, toNewAddress, by, () => amend(userId, { change, address, ifMatch }, by)))
  }

  async function amend (userId: string, { change, address, ifMatch }: Request, by: Actor) {
    const { role, vendorId = null } = change
    // A suspension first looks for super_admins among the users of the vendor. None may join them before it is done.
    const locksAdministrators = vendorId !== null || role === highestRole
    return await actions.perform(userId, by, async action => {
      assertMatch(ifMatch, presentUser(action.subject))
      const amendment = { ...change, ...await newRole(action, change.role, by) }
      // A disabled account gets no such mail, so its owner could not confirm the address.
      if (address && action.subject.status === 'disabled') throw new Refusal('conflict')
      await write(action, amendment)
      // This comes last: when the sessions of an account end, its pending change of address is cancelled with them.
      if (address) await requestAddress(action, address, by)
    }, { locksAdministrators })
  }

  async function write (action: AdminAction, amendment: Amendment) {
    const { approval, ...others } = amendment
    // An approval by way of a role is recorded and mailed like any other, after the change of the role.
    const isAdmitted = approval === 'approved' && isNotApproved(action.subject.approval)
    const change = isAdmitted ? others : amendment
    const event = amendment.role === undefined ? 'user_updated' : 'authz_change'
    const endsBy = isNotApproved(approval) ? 'revoked_by_admin' : null
    if (changes(action.subject, change)) await amendments.amend(action, change, { event, endsBy })
    if (isAdmitted) await applicants.admit(action)
    if (approval === 'pending') await approvals.announce(action.tx, action.subject.id)
  }

  async function requestAddress ({ tx, actor, subject: owner }: AdminAction, address: EmailAddress, by: Actor) {
    const { principal: { sessionId }, caller } = by
    await accounts.requestEmailChange(tx, { owner, address, actorId: actor.id, sessionId, caller })
  }

  async function newRole (
    { tx, actor, subject }: AdminAction,
    name: string | undefined,
    by: Actor
  ): Promise<Amendment> {
    if (name === undefined || name === subject.role) return {}
    const assignment = { name, actor, by, approval: subject.approval }
    const { role, approval } = await assignRole(tx, { hierarchy, roles, clock }, assignment)
    return { role: role.name, approval }
  }
}

/** Whether an amendment has a value that the user does not have already. What changes nothing is not recorded. */
function changes (subject: User, amendment: Amendment): boolean {
  const values = new Map<string, unknown>(Object.entries(subject))
  return Object.entries(amendment).some(([name, value]) => value !== undefined && value !== values.get(name))
}

function isNotApproved (approval: User['approval'] | undefined) {
  return approval === 'pending' || approval === 'rejected'
}
