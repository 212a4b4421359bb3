import { createBoundedMap } from '../bounded-map.ts'
import type { Caller } from '../http/caller.ts'
import type { ChangeFeed } from '../changes/change-feed.ts'
import { Refusal } from '../errors.ts'
import type { Revocations } from '../changes/revocations.ts'
import type { Roles } from './roles.ts'
import type { UserStore } from '../users/user-store.ts'
import { acrOf, satisfies } from '../tokens/assurance.ts'
import type { Acr } from '../tokens/assurance.ts'
import type { AccessClaims, Tokens } from '../tokens/access-tokens.ts'

/** The user of a request, by its access token and by the changes that this node knows of. */
export interface Principal {
  userId: string
  sessionId: string
  role: string
  vendorId: string | null
  /** If true, only `GET /auth/me` and sign-out are allowed. */
  vendorIsSuspended: boolean
  /**
   * If true, only changing the password, `GET /auth/me`, sign-out and proving again who one is are allowed; and what
   * `mustEnrollSecondFactor` allows, if that is true as well.
   */
  mustChangePassword: boolean
  /** If true, only adding a second factor, changing the password, `GET /auth/me` and sign-out are allowed. */
  mustEnrollSecondFactor: boolean
  /** The strength that the role demands, if the sign-in was weaker; null if it suffices. */
  owedAcr: Acr | null
  /** When the user was authenticated last (seconds since 1970). */
  authTime: number
  /** How strong that was. */
  acr: string
}

/** The user who does something, with the caller that sent their request. */
export interface Actor {
  principal: Pick<Principal, 'userId' | 'sessionId' | 'role' | 'acr' | 'authTime'>
  caller: Caller
}

export interface AuthenticationParts {
  tokens: Tokens
  revocations: Revocations
  feed: Pick<ChangeFeed, 'assertFresh'>
  users: Pick<UserStore, 'find'>
  vendors: { find (id: string): Promise<{ status: 'active' | 'suspended' } | null> }
  roles: Pick<Roles, 'may' | 'demandOf'>
}

export type Authentication = ReturnType<typeof createAuthentication>

/**
 * At most this many users, and as many vendors, are in memory. The one that was read longest ago is removed first, and
 * read again when it is needed.
 */
const rowsMax = 10_000

/**
 * Authenticates requests by their access token, from this node's memory. A user is read from the store only if the
 * user's version is newer than the token's, and once for each version. A vendor is read only if the feed reported a
 * change of it within the longest lifetime of a token: tokens issued after the last change already carry the right
 * state.
 */
export function createAuthentication ({ tokens, revocations, feed, users, vendors, roles }: AuthenticationParts) {
  const readUser = oncePerVersion(id => users.find(id))
  const readVendor = oncePerVersion(id => vendors.find(id))

  return { authenticate, may: roles.may, forget }

  /** Forgets all rows, because the database may have lost the versions that they are of. */
  function forget () {
    readUser.forget()
    readVendor.forget()
  }

  /**
   * The principal of an access token; a promise only if the key ring, the user or the vendor has to be read.
   * @throws Refusal `invalid_token`; `session_ended` with the reason; `unavailable` while the change feed is stale, so
   * that this node may not know of sessions that have ended, or of what roles demand
   */
  function authenticate (token: string): Principal | Promise<Principal> {
    const claims = tokens.verifyOrReload(token)
    return claims instanceof Promise ? claims.then(judge) : judge(claims)
  }

  function judge (claims: AccessClaims): Principal | Promise<Principal> {
    feed.assertFresh()
    revocations.check(claims)
    const isOutdated = claims.ver < revocations.version(claims.sub)
    return isOutdated ? renew(claims).then(complete) : complete(principal(claims))
  }

  /** Adds what depends on the role and on the vendor, as of now. */
  function complete (known: Principal): Principal | Promise<Principal> {
    const demanded = roles.demandOf(known.role)
    return withVendor(satisfies(known.acr, demanded) ? known : { ...known, owedAcr: demanded })
  }

  async function renew (claims: AccessClaims): Promise<Principal> {
    const user = await readUser(claims.sub, revocations.version(claims.sub))
    if (!user) throw new Refusal('session_ended', { reason: 'account_deleted' })
    if (user.status === 'disabled') throw new Refusal('session_ended', { reason: 'account_disabled' })

    const { role, vendorId, vendorStatus, mustChangePassword } = user
    return { ...principal(claims), role, vendorId, vendorIsSuspended: vendorStatus === 'suspended', mustChangePassword }
  }

  // The vendor's status as of the feed takes precedence over the status that was read along with the user.
  function withVendor (known: Principal): Principal | Promise<Principal> {
    const { vendorId } = known
    const version = vendorId === null ? 0 : revocations.version(vendorId)
    if (vendorId === null || version === 0) return known
    return readVendor(vendorId, version).then(vendor => ({ ...known, vendorIsSuspended: vendor?.status !== 'active' }))
  }
}

/** Reads a row once for each version. Calls for a row that is being read share that read. */
function oncePerVersion<T> (read: (id: string) => Promise<T>) {
  let known = empty()

  return Object.assign(readVersion, { forget: () => { known = empty() } })

  function empty () {
    return createBoundedMap<string, { version: number, row: Promise<T> }>(rowsMax)
  }

  function readVersion (id: string, version: number): Promise<T> {
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
    mustEnrollSecondFactor: claims.must_enroll_second_factor === true,
    owedAcr: null,
    authTime: claims.auth_time,
    acr: claims.acr ?? acrOf([])
  }
}
