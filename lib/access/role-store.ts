import type { FactorPolicy } from '../users/factor-policy.ts'
import type { Database, Query, Transaction } from '../stores/database.ts'

/** A role and its permissions. */
export interface Role {
  name: string
  rank: number
  userType: string
  requiresApproval: boolean
  selfRegistration: boolean
  permissions: string[]
  factorPolicy: FactorPolicy
  /** When the policy begins to hold. */
  factorPolicyFrom: Date
}

export type RoleStore = ReturnType<typeof createRoleStore>

export function createRoleStore (db: Database) {
  return { list, find, findOpen, write, lock, lockPolicy, isUsed, remove }

  /** Every role, the highest first; a deployment has a handful. */
  async function list (query: Query = db): Promise<Role[]> {
    return await query<Role>`
      select ${columns(query)}
      from roles r
      order by r.rank desc, r.name`
  }

  /** The role of this name, or null. */
  async function find (tx: Transaction, name: string): Promise<Role | null> {
    const [role] = await tx<Role>`
      select ${columns(tx)}
      from roles r
      where r.name = ${name}`
    return role ?? null
  }

  /** The role with self-registration for a user type, other than the named one; null if there is none. */
  async function findOpen (tx: Transaction, { userType, name }: Pick<Role, 'userType' | 'name'>): Promise<Role | null> {
    const [role] = await tx<Role>`
      select ${columns(tx)}
      from roles r
      where r.self_registration
        and r.user_type = ${userType}
        and r.name <> ${name}`
    return role ?? null
  }

  /** Creates or replaces a role. */
  async function write (tx: Transaction, role: Role) {
    await tx`
      insert into roles (
        name, rank, user_type, requires_approval, self_registration, second_factor, second_factor_from
      )
      values (
        ${role.name}, ${role.rank}, ${role.userType}, ${role.requiresApproval}, ${role.selfRegistration},
        ${role.factorPolicy}, ${role.factorPolicyFrom}
      )
      on conflict (name) do update
      set rank = excluded.rank,
          user_type = excluded.user_type,
          requires_approval = excluded.requires_approval,
          self_registration = excluded.self_registration,
          second_factor = excluded.second_factor,
          second_factor_from = excluded.second_factor_from`
    await tx`
      delete from role_permissions
      where role = ${role.name}
        and permission <> all(${role.permissions}::text[])`
    await tx`
      insert into role_permissions (role, permission)
      select ${role.name}, unnest(${role.permissions}::text[])
      on conflict do nothing`
  }

  /**
   * Locks a role's row against all other locks, also against assignments of the role: they wait, and find no role if it
   * has been removed.
   */
  async function lock (tx: Transaction, name: string) {
    await tx`
      select name
      from roles
      where name = ${name}
      for update`
  }

  /** What a user's role demands beside the password, locked so that it stays. The caller has locked the user's row. */
  async function lockPolicy (
    tx: Transaction,
    userId: string
  ): Promise<Pick<Role, 'factorPolicy' | 'factorPolicyFrom'> | null> {
    const [policy] = await tx<Pick<Role, 'factorPolicy' | 'factorPolicyFrom'>>`
      select r.second_factor as factor_policy, r.second_factor_from as factor_policy_from
      from users u
      join roles r on r.name = u.role
      where u.id = ${userId}
      for share of r`
    return policy ?? null
  }

  /** Whether a user or a registration has a role. Call `lock` before, so that the answer stays true. */
  async function isUsed (tx: Transaction, name: string): Promise<boolean> {
    const found = await tx`
      select name
      from roles
      where name = ${name}
        and (
          exists (select from users where role = ${name})
          or exists (select from registrations where role = ${name})
        )`
    return found.length > 0
  }

  async function remove (tx: Transaction, name: string) {
    await tx`
      delete from roles
      where name = ${name}`
  }
}

function columns ({ fragment }: Query) {
  return fragment`
        r.name, r.rank, r.user_type, r.requires_approval, r.self_registration,
        r.second_factor as factor_policy, r.second_factor_from as factor_policy_from,
        array(select p.permission from role_permissions p where p.role = r.name order by p.permission) as permissions`
}
