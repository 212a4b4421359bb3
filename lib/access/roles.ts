import type { Clock } from '../clock.ts'
import { unavailable } from '../errors.ts'
import type { Role, RoleStore } from './role-store.ts'

export type Roles = ReturnType<typeof createRoles>

/** So long (ms) a node may go on with roles that it knows to have changed. */
const outdatedFor = 3000
/** How soon (ms) a read that failed is repeated. */
const pause = 500

/**
 * Roles and their permissions, in each node's memory. `follow` is told of each change by the feed and
 * reads until it knows; what it cannot learn within three seconds it does not answer any more.
 */
export function createRoles (store: Pick<RoleStore, 'list'>, clock: Pick<Clock, 'monotonic'>) {
  let roles = new Map<string, Role>()
  let wanted = 0
  let known = 0
  let outdatedSince: number | null = null
  let retry: NodeJS.Timeout | undefined

  return { reload, follow, stop, may, find, forRegistration }

  /** Reads all roles. An answer that a later read has overtaken counts for nothing. */
  async function reload () {
    const number = ++wanted
    const read = new Map((await store.list()).map(role => [role.name, role]))
    if (number < known) return

    roles = read
    known = number
    if (number === wanted) outdatedSince = null
  }

  /** Roles have changed: reads them, now or as soon as that is possible. */
  function follow () {
    outdatedSince ??= clock.monotonic()
    clearTimeout(retry)
    reload().catch(() => { retry = setTimeout(follow, pause) })
  }

  function stop () {
    clearTimeout(retry)
  }

  /** Whether a role has a permission. A role that is not known may nothing. Throws `unavailable` when outdated. */
  function may (role: string, permission: string): boolean {
    return current().get(role)?.permissions.includes(permission) ?? false
  }

  /** The role of this name, if there is one. */
  function find (name: string): Role | undefined {
    return current().get(name)
  }

  /** The role that a person of this kind may register into by themself, if there is one. */
  function forRegistration (userType: string): Role | undefined {
    return [...current().values()].find(role => role.selfRegistration && role.userType === userType)
  }

  function current () {
    const isOutdated = outdatedSince !== null && clock.monotonic() - outdatedSince > outdatedFor
    if (isOutdated) throw unavailable(new Error('the roles have changed and cannot be read'))
    return roles
  }
}
