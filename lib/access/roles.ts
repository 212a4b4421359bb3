import type { Clock } from '../clock.ts'
import { createFollowed } from '../changes/followed.ts'
import type { Role, RoleStore } from './role-store.ts'

export type Roles = ReturnType<typeof createRoles>

/**
 * Roles and their permissions, in each node's memory. The change feed calls `follow` for each change. Roles that have
 * changed and could not be read again within three seconds are not used any more.
 */
export function createRoles (store: Pick<RoleStore, 'list'>, clock: Pick<Clock, 'monotonic'>) {
  const roles = createFollowed(readRoles, { name: 'the roles', clock, initial: new Map() })

  return { reload: roles.read, follow: roles.follow, stop: roles.stop, may, find, forRegistration }

  async function readRoles (): Promise<ReadonlyMap<string, Role>> {
    return new Map((await store.list()).map(role => [role.name, role]))
  }

  /**
   * Whether a role has a permission. An unknown role has none.
   * @throws Refusal `unavailable` while the roles are known to be outdated, as `find` and `forRegistration` do.
   */
  function may (role: string, permission: string): boolean {
    return roles.current.get(role)?.permissions.includes(permission) ?? false
  }

  /** The role of this name, if there is one. */
  function find (name: string): Role | undefined {
    return roles.current.get(name)
  }

  /** The role with self-registration for a user type, if there is one. */
  function forRegistration (userType: string): Role | undefined {
    return [...roles.current.values()].find(role => role.selfRegistration && role.userType === userType)
  }
}
