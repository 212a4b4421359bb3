import { createBoundedMap } from '../bounded-map.ts'
import type { Caller } from '../http/caller.ts'
import type { ChangeFeed } from '../changes/change-feed.ts'
import { Refusal } from '../errors.ts'
import type { Revocations } from '../changes/revocations.ts'
import type { Roles } from './roles.ts'
import type { UserStore } from '../users/user-store.ts'
import type { AccessClaims, Tokens } from '../tokens/access-tokens.ts'

/** Who sends a request, as its access token and what this node knows of it say. */
export interface Principal {
  userId: string
  sessionId: string
  role: string
  vendorId: string | null
  /** Then there is next to nothing to be had, as while a password change is due. */
  vendorIsSuspended: boolean
  mustChangePassword: boolean
  /** Seconds since 1970. */
  authTime: number
}

/** Who does something to somebody, and from where. */
export interface Actor { principal: Pick<Principal, 'userId' | 'sessionId' | 'role'>, caller: Caller }

export type Authentication = ReturnType<typeof createAuthentication>

/** At most this many users, and as many vendors, are in memory; the one read longest ago goes and is read again. */
const rowsMax = 10_000

/**
 * Proves requests with an access token. Everything is asked of this node's memory; only a user whose
 * version has moved past the token's is read from the store, once a version. So is a vendor that was
 * suspended or reinstated while a token may live: who has one that is older was let in with the vendor
 * as it has been ever since.
 */
export function createAuthentication ({ tokens, revocations, feed, users, vendors, roles }: {
  tokens: Tokens, revocations: Revocations, feed: Pick<ChangeFeed, 'assertFresh'>, users: Pick<UserStore, 'find'>, vendors: { find (id: string): Promise<{ status: 'active' | 'suspended' } | null> }, roles: Pick<Roles, 'may'>
}) {
  const readUser = oncePerVersion(id => users.find(id))
  const readVendor = oncePerVersion(id => vendors.find(id))

  return { authenticate, may: roles.may }

  /**
   * The principal of an access token; a promise only where the key ring or the user has to be read.
   * Throws `invalid_token`, `session_ended` with the reason, and `unavailable` while this node may not
   * know of something that has ended.
   */
  function authenticate (token: string): Principal | Promise<Principal> {
    const claims = tokens.verifyOrReload(token)
    return claims instanceof Promise ? claims.then(judge) : judge(claims)
  }

  function judge (claims: AccessClaims): Principal | Promise<Principal> {
    feed.assertFresh()
    revocations.check(claims)
    return claims.ver < revocations.version(claims.sub) ? renew(claims).then(withVendor) : withVendor(principal(claims))
  }

  async function renew (claims: AccessClaims): Promise<Principal> {
    const user = await readUser(claims.sub, revocations.version(claims.sub))
    if (!user) throw new Refusal('session_ended', { reason: 'account_deleted' })
    if (user.status === 'disabled') throw new Refusal('session_ended', { reason: 'account_disabled' })

    const { role, vendorId, vendorStatus, mustChangePassword } = user
    return { ...principal(claims), role, vendorId, vendorIsSuspended: vendorStatus === 'suspended', mustChangePassword }
  }

  // What the feed tells of the vendor counts more than what was read along with the user.
  function withVendor (known: Principal): Principal | Promise<Principal> {
    const { vendorId } = known
    const version = vendorId === null ? 0 : revocations.version(vendorId)
    if (vendorId === null || version === 0) return known
    return readVendor(vendorId, version).then(vendor => ({ ...known, vendorIsSuspended: vendor?.status !== 'active' }))
  }
}

/** Reads a row once a version; who asks for the same one while it is being read waits for the same read. */
function oncePerVersion<T> (read: (id: string) => Promise<T>) {
  const known = createBoundedMap<string, { version: number, row: Promise<T> }>(rowsMax)

  return (id: string, version: number): Promise<T> => {
    const entry = known.get(id)
    if (entry && entry.version >= version) return entry.row

    const row = read(id)
    row.catch(() => known.delete(id))
    known.set(id, { version, row })
    return row
  }
}

function principal (claims: AccessClaims): Principal {
  return {
    userId: claims.sub,
    sessionId: claims.sid,
    role: claims.role,
    vendorId: claims.vendor_id ?? null,
    vendorIsSuspended: false,
    mustChangePassword: claims.must_change_password === true,
    authTime: claims.auth_time
  }
}
