import type { Role, RoleStore } from './stores/roles.ts'

export type Roles = ReturnType<typeof createRoles>

/** Roles and their permissions, in each node's memory; `reload` follows the change feed. */
export function createRoles (store: RoleStore) {
  let roles = new Map<string, Role>()

  return { reload, may, find, forRegistration }

  async function reload () {
    roles = new Map((await store.list()).map(role => [role.name, role]))
  }

  /** Whether a role has a permission. A role that is not known may nothing. */
  function may (role: string, permission: string): boolean {
    return roles.get(role)?.permissions.includes(permission) ?? false
  }

  /** The role of this name, if there is one. */
  function find (name: string): Role | undefined {
    return roles.get(name)
  }

  /** The role that a person of this kind may register into by themself, if there is one. */
  function forRegistration (userType: string): Role | undefined {
    return [...roles.values()].find(role => role.selfRegistration && role.userType === userType)
  }
}
