import type { ChangeFeed } from './change-feed.ts'
import { Refusal } from './errors.ts'
import type { Revocations } from './revocations.ts'
import type { Roles } from './roles.ts'
import type { User, UserStore } from './stores/users.ts'
import type { AccessClaims, Tokens } from './tokens.ts'

/** Who sends a request, as its access token and what this node knows of it say. */
export interface Principal {
  userId: string
  sessionId: string
  role: string
  vendorId: string | null
  mustChangePassword: boolean
  /** Seconds since 1970. */
  authTime: number
}

export type Authentication = ReturnType<typeof createAuthentication>

/** More users than this with a version newer than their tokens' are read again when they come back. */
const remembered = 10_000

/**
 * Proves requests with an access token. Everything is asked of this node's memory; only a user whose
 * version has moved past the token's is read from the store, once a version.
 */
export function createAuthentication ({ tokens, revocations, feed, users, roles }: {
  tokens: Tokens, revocations: Revocations, feed: Pick<ChangeFeed, 'assertFresh'>, users: Pick<UserStore, 'find'>, roles: Pick<Roles, 'may'>
}) {
  const known = new Map<string, { version: number, user: Promise<User | null> }>()

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
    return claims.ver < revocations.version(claims.sub) ? renew(claims) : principal(claims)
  }

  async function renew (claims: AccessClaims): Promise<Principal> {
    const user = await read(claims.sub, revocations.version(claims.sub))
    if (!user) throw new Refusal('session_ended', { reason: 'account_deleted' })
    if (user.status === 'disabled') throw new Refusal('session_ended', { reason: 'account_disabled' })

    const { role, vendorId, mustChangePassword } = user
    return { ...principal(claims), role, vendorId, mustChangePassword }
  }

  // Whoever asks for the same version while it is being read waits for the same read.
  function read (userId: string, version: number): Promise<User | null> {
    const entry = known.get(userId)
    if (entry && entry.version >= version) return entry.user

    const user = users.find(userId)
    user.catch(() => known.delete(userId))
    known.delete(userId)
    known.set(userId, { version, user })
    const [oldest] = known.keys()
    if (known.size > remembered && oldest !== undefined) known.delete(oldest)
    return user
  }
}

function principal (claims: AccessClaims): Principal {
  return {
    userId: claims.sub,
    sessionId: claims.sid,
    role: claims.role,
    vendorId: claims.vendor_id ?? null,
    mustChangePassword: claims.must_change_password === true,
    authTime: claims.auth_time
  }
}
