import { randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { Refusal, unavailable } from '../errors.ts'
import type { Ring } from '../keys/keyring.ts'
import { readClaims } from './claims.ts'
import type { AccessClaims } from './claims.ts'
import { createTokenCache } from './cache.ts'

export type { AccessClaims } from './claims.ts'

/** What an access token is made for. */
export interface AccessTokenContents {
  userId: string
  sessionId: string
  /** When the password was checked last; milliseconds since 1970. */
  authTime: number
  /** How (RFC 8176), `['pwd']` for instance. */
  amr: readonly string[]
  role: string
  vendorId: string | null
  /** The global and the user's epoch under which the session lives: the session's own, never re-read. */
  epoch: readonly [global: number, user: number]
  /** The user's version. */
  version: number
  mustChangePassword: boolean
  /** The absolute end of the session; no token outlives it. Milliseconds since 1970. */
  sessionEnd: number
}

/** Makes and checks JWS in compact form with one key; both are synchronous and use no thread pool. */
export interface JwtLibrary {
  createSigner (options: { key: string, algorithm: 'ES256', kid: string, header: { alg: 'ES256', typ: string } }): (payload: Record<string, unknown>) => string
  createVerifier (options: { key: string, algorithms: ['ES256'], cache: false, ignoreExpiration: true, ignoreNotBefore: true }): (token: string) => unknown
}

export interface TokensOptions {
  keyring: { readonly current: Ring, lookUp (): Promise<Ring> }
  jwt: JwtLibrary
  clock: Pick<Clock, 'now'>
  issuer: string
  audience: string
  /** Milliseconds, an hour at most. */
  accessTokenTtl: number
}

export type Tokens = ReturnType<typeof createTokens>

/** RFC 9068: an access token, and nothing else that is signed by the same keys. */
const type = 'at+jwt'

// One spelling only (RFC 7515): no padding, no white space, no stray bits after the 64 bytes of the
// signature. The header and the payload have no second spelling, because their text is what is signed.
const compact = /^([A-Za-z0-9_-]{1,256})\.[A-Za-z0-9_-]{1,3750}\.[A-Za-z0-9_-]{85}[AQgw]$/
const ourHeader = /^\{"alg":"ES256","typ":"at\+jwt","kid":"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"\}$/

const longest = 4096

/** More are not kept; a signed-in user has one or two. */
const cached = 10_000

/**
 * Access tokens: JWTs of type `at+jwt`, signed with ES256 by the active key of the ring.
 *
 * A token's header must be, byte for byte, the one that we write for a key in the ring: it is looked
 * up, not interpreted, so no `alg`, `jku`, `jwk`, `crit` or `zip` in it can have a meaning (RFC 8725).
 * Successes are kept under the whole token until the ring changes; what is found there is checked for
 * its expiry all the same. What has been revoked is not known here.
 */
export function createTokens ({ keyring, jwt, clock, issuer, audience, accessTokenTtl }: TokensOptions) {
  const cache = createTokenCache<AccessClaims>(cached)
  let ring: Ring | null = null
  let signToken: ((payload: Record<string, unknown>) => string) | null = null
  let verifiers = new Map<string, (token: string) => unknown>()

  return { sign, assertCanSign, verify, verifyOrReload, readExpired }

  /**
   * The token and its lifetime in seconds, which the session's absolute end cuts short. Throws
   * `session_ended` when that has come, `unavailable` when this node has no key to sign with.
   */
  function sign (contents: AccessTokenContents): { token: string, expiresIn: number } {
    const signWith = signer()
    const iat = Math.floor(clock.now() / 1000)
    const exp = Math.min(iat + Math.floor(accessTokenTtl / 1000), Math.floor(contents.sessionEnd / 1000))
    if (exp <= iat) throw new Refusal('session_ended', { reason: 'expired' })

    const token = signWith({
      iss: issuer,
      aud: audience,
      sub: contents.userId,
      sid: contents.sessionId,
      jti: randomUUID(),
      iat,
      exp,
      auth_time: Math.floor(contents.authTime / 1000),
      amr: contents.amr,
      role: contents.role,
      ...(contents.vendorId !== null && { vendor_id: contents.vendorId }),
      epoch: contents.epoch,
      ver: contents.version,
      ...(contents.mustChangePassword && { must_change_password: true })
    })
    return { token, expiresIn: exp - iat }
  }

  /** Throws `unavailable` when `sign` would: to be asked before a refresh token is used up. */
  function assertCanSign () {
    signer()
  }

  function signer () {
    followRing()
    if (!signToken) throw unavailable(new Error('this node cannot open the signing key'))
    return signToken
  }

  /** The claims of a valid token, frozen. Throws `invalid_token` for everything else. */
  function verify (token: string): AccessClaims {
    const outcome = inspect(token)
    if (outcome === null || outcome === 'unknown key') throw new Refusal('invalid_token')
    return outcome
  }

  /**
   * Like `verify`, but a token whose header is ours and names a key that this node has not heard of
   * makes it read the ring before it is refused. Only then is the answer a promise.
   */
  function verifyOrReload (token: string): AccessClaims | Promise<AccessClaims> {
    const outcome = inspect(token)
    if (outcome === 'unknown key') return keyring.lookUp().then(() => verify(token))
    if (outcome === null) throw new Refusal('invalid_token')
    return outcome
  }

  /**
   * The claims of a token that is ours, be it expired or not, for who wants to end its session. Null
   * for everything else.
   */
  function readExpired (token: string): { claims: AccessClaims, isLive: boolean } | null {
    const claims = read(token)
    return claims === null || claims === 'unknown key' ? null : { claims, isLive: isLive(claims) }
  }

  function inspect (token: string): AccessClaims | 'unknown key' | null {
    const claims = read(token)
    return claims === null || claims === 'unknown key' || isLive(claims) ? claims : null
  }

  function isLive ({ exp }: AccessClaims) {
    return exp * 1000 > clock.now()
  }

  function read (token: string): AccessClaims | 'unknown key' | null {
    if (token.length > longest) return null
    followRing()

    const known = cache.get(token)
    if (known) return known

    const header = compact.exec(token)?.[1]
    if (header === undefined) return null

    const check = verifiers.get(header)
    if (!check) return ourHeader.test(Buffer.from(header, 'base64url').toString('latin1')) ? 'unknown key' : null

    const claims = readClaims(signed(check, token), { issuer, audience, now: clock.now() })
    if (claims && isLive(claims)) cache.set(token, claims)
    return claims
  }

  // The ring is replaced as a whole: another one makes everything anew, and nothing that a key which
  // has gone has signed is remembered.
  function followRing () {
    const { current } = keyring
    if (ring === current) return

    cache.clear()
    signToken = current.signing && jwt.createSigner({ key: pem(current.signing.privateKey, 'pkcs8'), ...header(current.signing.kid) })
    verifiers = new Map([...current.verifying].map(([kid, key]) => [
      headerText(kid),
      jwt.createVerifier({ key: pem(key, 'spki'), algorithms: ['ES256'], cache: false, ignoreExpiration: true, ignoreNotBefore: true })
    ]))
    ring = current
  }
}

/** The payload of a token whose signature is good, else null. */
function signed (check: (token: string) => unknown, token: string): unknown {
  try {
    return check(token)
  } catch {
    return null
  }
}

function header (kid: string) {
  return { algorithm: 'ES256', kid, header: { alg: 'ES256', typ: type } } as const
}

function headerText (kid: string) {
  return Buffer.from(JSON.stringify({ alg: 'ES256', typ: type, kid })).toString('base64url')
}

function pem (key: KeyObject, form: 'pkcs8' | 'spki'): string {
  return key.export({ type: form, format: 'pem' }).toString()
}
