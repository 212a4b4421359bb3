import type { AdministratorStore } from '../access/administrator-store.ts'
import type { Actor } from '../access/authentication.ts'
import type { Role, RoleStore } from '../access/role-store.ts'
import type { Roles } from '../access/roles.ts'
import type { Audit } from '../audit/audit.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import { assertMatch } from '../http/entity-tags.ts'
import type { IfMatch } from '../http/entity-tags.ts'
import type { Transaction } from '../stores/database.ts'
import type { FactorPolicy } from '../users/factor-policy.ts'
import type { AdminActions } from './admin-actions.ts'

/**
 * The new values of a role. The name is optional, and must be the same as in the path. What it demands beside the
 * password stays as it is if that is left out, so that nobody lifts it without knowing.
 */
type RoleDefinition = Omit<Role, 'name' | 'factorPolicy' | 'factorPolicyFrom'> & {
  name?: string | undefined
  factorPolicy?: FactorPolicy | undefined
  /** RFC 3339. */
  factorPolicyFrom?: string | undefined
}

export interface RoleAdministrationParts {
  commit: UnitsOfWork['commit']
  store: RoleStore
  roles: Pick<Roles, 'reload'>
  actions: Pick<AdminActions, 'lockActor'>
  administrators: Pick<AdministratorStore, 'lock'>
  audit: Pick<Audit, 'record'>
  clock: Pick<Clock, 'now'>
}

export type RoleAdministration = ReturnType<typeof createRoleAdministration>

/**
 * Roles as data. Nobody can create a role with more power than they have: its rank stays below the actor's, and the
 * actor must have every permission that is added to it. So nobody can change their own role, and nobody at all can
 * change `super_admin`, which has every permission and the highest rank.
 */
export function createRoleAdministration ({
  commit, store, roles, actions, administrators, audit, clock
}: RoleAdministrationParts) {
  return { list, put, remove }

  /** Every role, the highest first. */
  async function list () {
    return { roles: (await store.list()).map(present) }
  }

  /**
   * Creates or replaces a role, also for the users who have it already. Returns the role and whether it is new.
   * @throws Refusal `invalid_request` for a changed name, and for a role with self-registration that has permissions;
   * `forbidden` for a rank or a permission beyond the actor's; `conflict` if another role of the same user type has
   * self-registration already; `stale` if the roles are not any more as `ifMatch` says, or there is no such role
   */
  async function put (name: string, definition: RoleDefinition, by: Actor, ifMatch: IfMatch | null) {
    assertValid({ ...definition, name }, definition.name)

    const { isNew, role } = await changeRoles(by, async (unit, actor) => {
      const { tx } = unit
      const before = await store.find(tx, name)
      const role = { ...definition, name, ...policyOf(definition, before, new Date(clock.now())) }
      assertMay(actor, before, role)
      if (ifMatch !== null) assertMatch(ifMatch, await representationFor(unit.tx, ifMatch, before))
      if (role.selfRegistration && await store.findOpen(tx, role)) throw new Refusal('conflict')
      if (before && isSame(before, role)) return { hasChanged: false, isNew: false, role }

      await store.write(tx, role)
      await record(unit, before, role, by)
      return { hasChanged: true, isNew: before === null, role }
    })
    return { role: present(role), isNew }
  }

  /**
   * Removes a role.
   * @throws Refusal `not_found`; `forbidden` for a role that is not below the actor's; `role_in_use` while a user or a
   * registration has it
   */
  async function remove (name: string, by: Actor) {
    await changeRoles(by, async (unit, actor) => {
      const { tx } = unit
      const before = await store.find(tx, name)
      if (!before) throw new Refusal('not_found')
      assertMay(actor, before)

      await store.lock(tx, name)
      if (await store.isUsed(tx, name)) throw new Refusal('role_in_use')
      await store.remove(tx, name)
      await record(unit, before, null, by)
      return { hasChanged: true }
    })
  }

  // Clients read roles as a list, whose tag stands for all of them; `*` asks for this role alone.
  async function representationFor (tx: Transaction, ifMatch: IfMatch, role: Role | null): Promise<object | null> {
    if (ifMatch === '*') return role
    return (await store.list(tx)).map(present)
  }

  // Changes of roles run one after the other, so the roles by which one is judged stay as they are meanwhile. This node
  // answers only after it has read the changed roles itself.
  async function changeRoles<T extends { hasChanged: boolean }> (
    by: Actor, work: (unit: UnitOfWork, actor: Role) => Promise<T>
  ): Promise<T> {
    const result = await commit(async unit => {
      await administrators.lock(unit.tx)
      const { role } = await actions.lockActor(unit.tx, by)
      const own = await store.find(unit.tx, role)
      if (!own?.permissions.includes('roles:write')) throw new Refusal('forbidden', { permission: 'roles:write' })
      return await work(unit, own)
    })
    if (result.hasChanged) await roles.reload()
    return result
  }

  async function record (
    { tx, change }: UnitOfWork, before: Role | null, after: Role | null, { principal, caller }: Actor
  ) {
    await audit.record(tx, {
      event: eventOf(before, after),
      outcome: 'success',
      actorId: principal.userId,
      subject: null,
      sessionId: principal.sessionId,
      caller,
      personal: {
        role: (before ?? after)?.name,
        ...before && { before: present(before) },
        ...after && { after: present(after) }
      }
    })
    await change({ kind: 'roles_changed' })
  }
}

/** What a role demands beside the password after a change. A new policy holds at once unless a date is given. */
function policyOf (
  { factorPolicy, factorPolicyFrom }: RoleDefinition,
  before: Role | null,
  now: Date
): Pick<Role, 'factorPolicy' | 'factorPolicyFrom'> {
  const policy = factorPolicy ?? before?.factorPolicy ?? 'optional'
  if (factorPolicyFrom !== undefined) return { factorPolicy: policy, factorPolicyFrom: new Date(factorPolicyFrom) }
  return { factorPolicy: policy, factorPolicyFrom: before?.factorPolicy === policy ? before.factorPolicyFrom : now }
}

function assertValid (role: RoleDefinition & { name: string }, repeatedName: string | undefined) {
  if (repeatedName !== undefined && repeatedName !== role.name) {
    throw invalid('/name', 'not_the_same', 'is not the name in the path: nobody renames a role')
  }
  if (role.selfRegistration && role.permissions.length > 0) {
    throw invalid('/self_registration', 'has_permissions', 'is not for a role with permissions: anybody could have them')
  }
  if (role.factorPolicyFrom !== undefined && !isStorable(role.factorPolicyFrom)) {
    throw invalid('/second_factor_from', 'wrong_format', 'must be a date-time from 1970 to 9999 in UTC')
  }
}

// The format lets a leap second through, which no date has, and years that RFC 3339 cannot write in UTC: an offset can
// lead out of 0000 to 9999. No answer could contain such a date.
function isStorable (time: string) {
  const year = new Date(time).getUTCFullYear()
  return year >= 1970 && year <= 9999
}

function assertMay (actor: Role, before: Role | null, after: Role | null = null) {
  const isBelow = [before, after].every(role => role === null || role.rank < actor.rank)
  if (!isBelow) throw new Refusal('forbidden')

  const allowed = new Set([...before?.permissions ?? [], ...actor.permissions])
  const excessive = after?.permissions.find(permission => !allowed.has(permission))
  if (excessive !== undefined) throw new Refusal('forbidden', { permission: excessive })
}

function eventOf (before: Role | null, after: Role | null) {
  if (!before) return 'role_created'
  return after ? 'role_updated' : 'role_deleted'
}

function isSame (one: Role, other: Role) {
  return JSON.stringify(present(one)) === JSON.stringify(present(other))
}

function invalid (path: string, code: string, message: string) {
  return new Refusal('invalid_request', { errors: [{ path, code, message }] })
}

/** A role as the API answers it. */
function present (role: Role) {
  return {
    name: role.name,
    rank: role.rank,
    user_type: role.userType,
    requires_approval: role.requiresApproval,
    self_registration: role.selfRegistration,
    permissions: role.permissions.toSorted(),
    second_factor: role.factorPolicy,
    second_factor_from: role.factorPolicy === 'optional' ? null : role.factorPolicyFrom.toISOString()
  }
}
