import type { Accounts } from '../accounts/accounts.ts'
import type { Audit, AuditEvent } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import { parseAddress } from '../users/email-address.ts'
import type { EmailAddress } from '../users/email-address.ts'
import { Refusal } from '../errors.ts'
import type { EndReason } from '../errors.ts'
import { mayGrant } from '../access/hierarchy.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Bucket, Lockout } from '../throttling/lockout.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { Roles } from '../access/roles.ts'
import { presentSession } from '../sessions/session-view.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Approvals } from '../access/approvals.ts'
import type { HierarchyStore } from '../access/hierarchy-store.ts'
import type { KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { Amendment, User, UserStore } from '../users/user-store.ts'
import type { Actor } from '../access/authentication.ts'
import type { Act, UserActs } from './acts.ts'
import { approvalIn, unknownRole } from './invitations.ts'

/** What is to become of an account; what is left out stays. */
export type UserUpdate = Pick<Amendment, 'fullName' | 'locale' | 'role' | 'vendorId'> & { email?: string }

export interface UserAdministrationParts {
  acts: UserActs
  users: Pick<UserStore, 'amend' | 'find'>
  hierarchy: Pick<HierarchyStore, 'role'>
  roles: Pick<Roles, 'may'>
  approvals: Pick<Approvals, 'announce'>
  sessions: Pick<Sessions, 'recordEpochRaise' | 'end' | 'peek' | 'list'>
  accounts: Pick<Accounts, 'erase' | 'requestEmailChange'>
  devices: Pick<KnownDeviceStore, 'list'>
  lockout: Pick<Lockout, 'strangersOf' | 'deviceOf' | 'unlock'>
  rateLimits: Pick<RateLimits, 'countMail'>
  audit: Pick<Audit, 'record'>
  jobs: Pick<Jobs, 'send'>
  clock: Pick<Clock, 'now'>
}

export type UserAdministration = ReturnType<typeof createUserAdministration>

/**
 * What administrators do to users. Every act asks who stands above whom, is one transaction with its audit event,
 * and holds for tokens that were issued before it.
 */
export function createUserAdministration ({ acts, users, hierarchy, roles, approvals, sessions, accounts, devices, lockout, rateLimits, audit, jobs, clock }: UserAdministrationParts) {
  const { act } = acts

  return { update, erase, approve, reject, disable, enable, unlock, requirePasswordChange, signOut, listSessions, endSession }

  /**
   * Changes an account. Another address is only asked for: both are mailed, and the new one has to confirm.
   * @throws Refusal `invalid_request` for an address, a role or a vendor that there is not; `forbidden` for a role
   * that is not below the actor's; `conflict` for the address of a disabled account; `rate_limited` for more mails
   * than an address gets
   */
  async function update (userId: string, { email, ...change }: UserUpdate, by: Actor) {
    const address = email === undefined ? null : parseAddress(email, '/email')
    const isUnchanged = address === null || (await users.find(userId))?.emailCanonical === address.canonical
    if (isUnchanged) return await amend(userId, change, null, by)
    return await counted(address, by, () => amend(userId, change, address, by))
  }

  async function amend (userId: string, change: Omit<UserUpdate, 'email'>, address: EmailAddress | null, by: Actor) {
    return await act(userId, by, async act => {
      const { tx, subject, trail } = act
      const amendment = { ...change, ...change.role !== undefined && change.role !== subject.role && await newRole(act, change.role) }
      // A disabled account gets no such mail, so nothing could come of it.
      if (address && subject.status === 'disabled') throw new Refusal('conflict')
      const event = amendment.role === undefined ? 'user_updated' : 'authz_change'
      if (Object.keys(amendment).length > 0) await write(act, amendment, { event, endsBy: isWaiting(amendment.approval) ? 'revoked_by_admin' : null })
      if (amendment.approval === 'pending') await approvals.announce(tx, userId)
      // Last: whatever ends the sessions of an account takes a change that waits along.
      if (address) await accounts.requestEmailChange(tx, { owner: subject, address, actorId: trail.actorId, sessionId: by.principal.sessionId, caller: by.caller })
    })
  }

  // With another role comes what that asks for: whoever may approve has done so by giving it.
  async function newRole (act: Act, name: string): Promise<Pick<Amendment, 'role' | 'approval'>> {
    const { tx, actor, subject } = act
    const role = await hierarchy.role(tx, name)
    if (!role) throw unknownRole()
    if (!mayGrant(actor, role)) throw new Refusal('forbidden')
    return { role: name, approval: approvalIn(role, subject.approval, roles.may(actor.role, 'users:approve')) }
  }

  /** Erases an account, as its owner could. */
  async function erase (userId: string, by: Actor) {
    // Before anything is written, and once more under the locks of the erasure.
    await act(userId, by)
    const { userId: actorId, sessionId } = by.principal
    const isErased = await accounts.erase({ userId, actorId, sessionId, reason: 'by_administrator', caller: by.caller, assertMay: async tx => { await acts.judge(tx, by, userId) } })
    if (!isErased) throw new Refusal('not_found')
  }

  /** Lets an applicant in and has them told. Throws `conflict` where nobody has to be approved. */
  async function approve (userId: string, by: Actor) {
    return await act(userId, by, async act => {
      const { tx, subject } = act
      if (subject.approval === 'not_required') throw new Refusal('conflict')
      if (subject.approval === 'approved') return

      await write(act, { approval: 'approved' }, { event: 'user_approved' })
      await jobs.send(tx, 'mail', { kind: 'approval', stage: 'approved', userId, applicantId: userId })
    })
  }

  /**
   * Turns an applicant away, or somebody who has been let in: then every session ends. They are told, with the
   * reason, which is kept where it is erased along with them: in the audit trail. Throws `conflict` as `approve`.
   */
  async function reject (userId: string, reason: string | undefined, by: Actor) {
    return await act(userId, by, async act => {
      const { tx, subject } = act
      if (subject.approval === 'not_required') throw new Refusal('conflict')
      if (subject.approval === 'rejected') return

      const tell = async (eventId: number) => { await jobs.send(tx, 'mail', { kind: 'approval', stage: 'rejected', userId, applicantId: userId, eventId }) }
      await write(act, { approval: 'rejected' }, { event: 'user_rejected', endsBy: 'revoked_by_admin', said: { reason: reason ?? null }, tell })
    })
  }

  /** No sign-in from here on, and every session ends with the same step. */
  async function disable (userId: string, by: Actor) {
    return await act(userId, by, async act => {
      if (act.subject.status !== 'disabled') await write(act, { status: 'disabled' }, { event: 'user_disabled', endsBy: 'account_disabled' })
    })
  }

  async function enable (userId: string, by: Actor) {
    return await act(userId, by, async act => {
      if (act.subject.status !== 'active') await write(act, { status: 'active' }, { event: 'user_enabled' })
    })
  }

  /**
   * Opens the buckets that failed sign-ins have shut: the strangers' and those of the devices that the account knows,
   * eleven at most. A session's bucket stays as it is: whoever is let in again signs in.
   */
  async function unlock (userId: string, by: Actor) {
    let shut: Bucket[] = []
    const answer = await act(userId, by, async ({ tx, subject, trail }) => {
      const known = await devices.list(tx, userId)
      shut = [lockout.strangersOf(subject.emailCanonical), ...known.map(device => lockout.deviceOf(userId, device))]
      await audit.record(tx, { ...trail, event: 'authn_login_unlock' })
    })
    // In this order an event may tell of what has failed after it and is tried again, never the other way round.
    await lockout.unlock(shut)
    return answer
  }

  /** Leaves the user nothing to do but change the password, in sessions that go on as well. */
  async function requirePasswordChange (userId: string, by: Actor) {
    return await act(userId, by, async act => await write(act, { mustChangePassword: true }, { event: 'authn_password_change_required' }))
  }

  /** Ends every session of a user. */
  async function signOut (userId: string, by: Actor) {
    await act(userId, by, async act => await write(act, {}, { event: 'sessions_ended', reason: 'revoked_by_admin', endsBy: 'revoked_by_admin' }))
  }

  /** Where a user is signed in. Their sessions say where they are: that too is for who stands above them. */
  async function listSessions (userId: string, by: Actor) {
    await act(userId, by)
    const living = await sessions.list(userId)
    return { sessions: living.map(session => presentSession(session, by.principal.sessionId)) }
  }

  /** Ends one session of a user; somebody else's is `not_found`, an ended one no error. */
  async function endSession (userId: string, sessionId: string, by: Actor) {
    await act(userId, by, async act => {
      const { tx, trail } = act
      const state = await sessions.peek(sessionId, tx)
      if (state?.id !== userId) throw new Refusal('not_found')

      if (await sessions.end(act, sessionId, 'revoked_by_admin')) await audit.record(tx, { ...trail, event: 'session_ended', reason: 'revoked_by_admin', sessionId })
    })
  }

  async function write (act: Act, amendment: Amendment, { event, reason, said, endsBy = null, tell = async () => {} }: {
    event: string, reason?: string, said?: object, endsBy?: EndReason | null, tell?: (eventId: number) => Promise<void>
  }) {
    const { tx, change, subject: { id }, subject, trail } = act
    const row: AuditEvent = { ...trail, event, ...reason !== undefined && { reason }, personal: { ...beforeAndAfter(subject, amendment), ...said } }
    const user = await users.amend(tx, id, amendment, { now: new Date(clock.now()), endsSessions: endsBy !== null })
    if (!user) throw new Error('a row that is locked is there')

    if (endsBy) {
      const { eventId } = await sessions.recordEpochRaise(act, { user: { id, ...user }, reason: endsBy, event: row })
      return await tell(eventId)
    }
    await change({ kind: 'user_changed', subjectId: id, number: user.version })
    await tell(await audit.record(tx, row))
  }

  // Mails are counted for the session that has them sent, and for an address that is not confirmed like a stranger's.
  async function counted<T> (address: EmailAddress, { principal, caller }: Actor, work: () => Promise<T>): Promise<T> {
    return await rateLimits.countMail({ kind: 'email_change', address: address.canonical, caller, owner: principal.sessionId }, async mayMail => {
      if (!mayMail) throw new Refusal('rate_limited', { retryAfter: 3600 })
      return await work()
    })
  }
}

const columns = { fullName: 'full_name', locale: 'locale', role: 'role', vendorId: 'vendor_id', approval: 'approval', status: 'status', mustChangePassword: 'must_change_password' } as const

/** What changes, as it was and as it is. */
function beforeAndAfter (subject: User, amendment: Amendment) {
  const changed = Object.entries(columns).filter(([name]) => name in amendment)
  const of = (user: Amendment) => Object.fromEntries(changed.map(([name, column]) => [column, Object.entries(user).find(([key]) => key === name)?.[1]]))
  return changed.length === 0 ? {} : { before: of(subject), after: of(amendment) }
}

function isWaiting (approval: User['approval'] | undefined) {
  return approval === 'pending' || approval === 'rejected'
}
