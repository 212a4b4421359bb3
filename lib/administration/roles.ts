import type { Audit } from '../audit/audit.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import { Refusal } from '../errors.ts'
import type { Roles } from '../access/roles.ts'
import type { AdministratorStore } from '../access/administrator-store.ts'
import type { Role, RoleStore } from '../access/role-store.ts'
import type { Actor } from '../access/authentication.ts'
import type { UserActs } from './acts.ts'

/** What a role is to be; the name may be said once more. */
type Definition = Omit<Role, 'name'> & { name?: string | undefined }

export interface RoleAdministrationParts {
  commit: UnitsOfWork['commit']
  store: RoleStore
  roles: Pick<Roles, 'reload'>
  acts: Pick<UserActs, 'actorOf'>
  administrators: Pick<AdministratorStore, 'lock'>
  audit: Pick<Audit, 'record'>
}

export type RoleAdministration = ReturnType<typeof createRoleAdministration>

/**
 * Roles as data. Nobody makes a role out of more than they have: its rank stays below their own, and what it is
 * given they may do themselves. So nobody touches their own role, and `super_admin`, which has every permission
 * and the highest rank, is touched by nobody.
 */
export function createRoleAdministration ({ commit, store, roles, acts, administrators, audit }: RoleAdministrationParts) {
  return { list, put, remove }

  /** Every role, the highest first. */
  async function list () {
    return { roles: (await store.list()).map(present) }
  }

  /**
   * Makes a role or replaces it, for those who have it already as well. Tells whether it is new.
   * @throws Refusal `invalid_request` for another name, and for a role that people register into by themselves and that
   * may do something; `forbidden` for more than the actor has; `conflict` if people of the kind register into another role already
   */
  async function put (name: string, said: Definition, by: Actor) {
    const role = { ...said, name }
    if (said.name !== undefined && said.name !== name) throw invalid('/name', 'not_the_same', 'is not the name in the path: nobody renames a role')
    if (role.selfRegistration && role.permissions.length > 0) throw invalid('/self_registration', 'has_permissions', 'is not for a role with permissions: anybody could have them')

    const { isNew } = await change(by, async (unit, actor) => {
      const { tx } = unit
      const before = await store.find(tx, role.name)
      assertMay(actor, before, role)
      if (role.selfRegistration && await store.findOpen(tx, role)) throw new Refusal('conflict')
      if (before && isSame(before, role)) return { hasChanged: false, isNew: false }

      await store.write(tx, role)
      await tell(unit, before, role, by)
      return { hasChanged: true, isNew: before === null }
    })
    return { role: present(role), isNew }
  }

  /**
   * Removes a role.
   * @throws Refusal `not_found`; `forbidden` for a role that is not below the actor's; `role_in_use` while somebody
   * has it or is registering into it
   */
  async function remove (name: string, by: Actor) {
    await change(by, async (unit, actor) => {
      const { tx } = unit
      const before = await store.find(tx, name)
      if (!before) throw new Refusal('not_found')
      assertMay(actor, before)

      await store.lock(tx, name)
      if (await store.isUsed(tx, name)) throw new Refusal('role_in_use')
      await store.remove(tx, name)
      await tell(unit, before, null, by)
      return { hasChanged: true }
    })
  }

  // Those who change roles do so one after the other, so what they are judged by stays as it is. This node goes on
  // only when it knows what it has changed.
  async function change<T extends { hasChanged: boolean }> (by: Actor, work: (unit: UnitOfWork, actor: Role) => Promise<T>): Promise<T> {
    const result = await commit(async unit => {
      await administrators.lock(unit.tx)
      const { role } = await acts.actorOf(unit.tx, by)
      const own = await store.find(unit.tx, role)
      if (!own?.permissions.includes('roles:write')) throw new Refusal('forbidden', { permission: 'roles:write' })
      return await work(unit, own)
    })
    if (result.hasChanged) await roles.reload()
    return result
  }

  async function tell ({ tx, change }: UnitOfWork, before: Role | null, after: Role | null, { principal, caller }: Actor) {
    const event = !before ? 'role_created' : after ? 'role_updated' : 'role_deleted'
    await audit.record(tx, {
      event,
      outcome: 'success',
      actorId: principal.userId,
      subject: null,
      sessionId: principal.sessionId,
      caller,
      personal: { role: (before ?? after)?.name, ...before && { before: present(before) }, ...after && { after: present(after) } }
    })
    await change({ kind: 'roles_changed' })
  }
}

function assertMay (actor: Role, before: Role | null, after: Role | null = null) {
  const isBelow = [before, after].every(role => role === null || role.rank < actor.rank)
  if (!isBelow) throw new Refusal('forbidden')

  const beyond = after?.permissions.find(permission => !before?.permissions.includes(permission) && !actor.permissions.includes(permission))
  if (beyond !== undefined) throw new Refusal('forbidden', { permission: beyond })
}

function isSame (one: Role, other: Role) {
  return JSON.stringify(present(one)) === JSON.stringify(present(other))
}

function invalid (path: string, code: string, message: string) {
  return new Refusal('invalid_request', { errors: [{ path, code, message }] })
}

/** A role as clients see one. */
function present (role: Role) {
  return {
    name: role.name,
    rank: role.rank,
    user_type: role.userType,
    requires_approval: role.requiresApproval,
    self_registration: role.selfRegistration,
    permissions: role.permissions.toSorted()
  }
}
