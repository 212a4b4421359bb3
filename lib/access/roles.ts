import type { Clock } from '../clock.ts'
import { createFollowed } from '../changes/followed.ts'
import { acrValues } from '../tokens/assurance.ts'
import type { Acr } from '../tokens/assurance.ts'
import { demandedAcr } from '../tokens/factor-dues.ts'
import type { Role, RoleStore } from './role-store.ts'

export type Roles = ReturnType<typeof createRoles>

/**
 * Roles and their permissions, in each node's memory. The change feed calls `follow` for each change. Roles that have
 * changed and could not be read again within three seconds are not used any more.
 */
export function createRoles (store: Pick<RoleStore, 'list'>, clock: Pick<Clock, 'monotonic' | 'now'>) {
  const roles = createFollowed(readRoles, { name: 'the roles', clock, initial: new Map() })

  return { reload: roles.read, follow: roles.follow, stop: roles.stop, may, demandOf, find, forRegistration }

  async function readRoles (): Promise<ReadonlyMap<string, Role>> {
    return new Map((await store.list()).map(role => [role.name, role]))
  }

  /**
   * Whether a role has a permission. An unknown role has none.
   * @throws Refusal `unavailable` while the roles are known to be outdated; so do `demandOf`, `find` and
   * `forRegistration`
   */
  function may (role: string, permission: string): boolean {
    return roles.current.get(role)?.permissions.includes(permission) ?? false
  }

  /** The least strength that a role demands of a sign-in now; the weakest of an unknown one. */
  function demandOf (role: string): Acr {
    const found = roles.current.get(role)
    return found ? demandedAcr(found, clock.now()) : acrValues[0]
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
