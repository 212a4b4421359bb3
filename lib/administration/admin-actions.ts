import type { Actor } from '../access/authentication.ts'
import type { AdministratorStore } from '../access/administrator-store.ts'
import type { HierarchyStore, RankedUser } from '../access/hierarchy-store.ts'
import { highestRole, mayActOn } from '../access/hierarchy.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { Transaction } from '../stores/database.ts'
import type { UserStore } from '../users/user-store.ts'
import { presentUser } from '../users/user-view.ts'

/** An action under way: the rows of actor and subject are locked, and the actor may act on the subject. */
export interface AdminAction extends UnitOfWork {
  actor: RankedUser
  subject: RankedUser
  /** The fields that the audit events of all actions have in common. */
  auditFields: { outcome: 'success', actorId: string, subject: RankedUser, caller: Caller }
}

export interface AdminActionParts {
  commit: UnitsOfWork['commit']
  users: Pick<UserStore, 'find'>
  hierarchy: Pick<HierarchyStore, 'lock' | 'lockActor'>
  administrators: Pick<AdministratorStore, 'lock' | 'existsBeside'>
}

export type AdminActions = ReturnType<typeof createAdminActions>

/**
 * The frame of every action of one user on another: one transaction that locks both rows and first checks that the
 * actor ranks above the subject. (The guard of the route has already checked the permission for this kind of action.)
 *
 * This also protects the last super_admin: only another super_admin can act on one, and that actor's row stays locked,
 * so at least one always remains. The suspension of a vendor could still take away that one, so work that moves users
 * into vendors does not run beside it.
 */
export function createAdminActions ({ commit, users, hierarchy, administrators }: AdminActionParts) {
  return { perform, authorize, lockActor }

  /**
   * Does some work on a user, and returns the user as they are afterwards.
   * @param locksAdministrators whether no vendor is suspended meanwhile: for work after which the last super_admin may
   * belong to one
   * @throws Refusal as `authorize`; what the work throws
   */
  async function perform (
    userId: string,
    by: Actor,
    work: (action: AdminAction) => Promise<void> = async () => {},
    { locksAdministrators = false } = {}
  ) {
    const user = await commit(async unit => {
      // This lock comes first, as in every transaction that takes it. The actor is judged after it, because the
      // suspension that it has waited for may be that of the actor's own vendor.
      if (locksAdministrators) await administrators.lock(unit.tx)
      const { actor, subject } = await authorize(unit.tx, by, userId)
      const auditFields = { outcome: 'success', actorId: actor.id, subject, caller: by.caller } as const
      await work({ ...unit, actor, subject, auditFields })
      return await users.find(userId, unit.tx) ?? subject
    })
    return { user: presentUser(user) }
  }

  /**
   * Locks actor and subject, and returns both if the actor may act on the subject.
   * @throws Refusal `not_found`; `forbidden` if the actor does not rank above the subject; `session_ended` or
   * `vendor_suspended` if that has happened to the actor meanwhile; `last_super_admin` if two super_admins removed each
   * other at once, this actor came second, and the subject is now the last one
   */
  async function authorize (
    tx: Transaction, by: Actor, subjectId: string
  ): Promise<{ actor: RankedUser, subject: RankedUser }> {
    const { userId, role } = by.principal
    const { actor, subject } = await hierarchy.lock(tx, userId, subjectId)
    if (!subject) throw new Refusal('not_found')
    if (isActive(actor) && mayActOn(actor, subject)) return { actor, subject }

    const wasSuperAdmin = role === highestRole && userId !== subjectId
    if (wasSuperAdmin && await isLastSuperAdmin(tx, subject)) throw new Refusal('last_super_admin')
    throw isActive(actor) ? new Refusal('forbidden') : mayDoNothing(actor)
  }

  async function isLastSuperAdmin (tx: Transaction, { id, role, status }: RankedUser): Promise<boolean> {
    return role === highestRole && status === 'active' && !await administrators.existsBeside(tx, id)
  }

  /**
   * Locks the actor until the transaction ends and returns them, for an action without a subject that exists already.
   * @throws Refusal `session_ended` or `vendor_suspended` if that has happened to the actor meanwhile
   */
  async function lockActor (tx: Transaction, { principal }: Actor): Promise<RankedUser> {
    const actor = await hierarchy.lockActor(tx, principal.userId)
    if (!isActive(actor)) throw mayDoNothing(actor)
    return actor
  }
}

function isActive (actor: RankedUser | null): actor is RankedUser {
  return actor?.status === 'active' && actor.vendorStatus !== 'suspended'
}

/** For an actor who was disabled, erased or suspended, which this node has not learnt from the change feed yet. */
function mayDoNothing (actor: RankedUser | null) {
  if (actor?.status === 'active') return new Refusal('vendor_suspended')
  return new Refusal('session_ended', { reason: actor ? 'account_disabled' : 'account_deleted' })
}
