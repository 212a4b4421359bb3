import { randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { Refusal, unavailable } from '../errors.ts'
import type { Ring } from '../keys/keyring.ts'
import type { Metrics } from '../operations/metrics.ts'
import { acrOf } from './assurance.ts'
import { firstParty, readClaims } from './claims.ts'
import type { AccessClaims } from './claims.ts'
import { createTokenCache } from './cache.ts'

export type { AccessClaims } from './claims.ts'

/** The contents of an access token that is to be signed. */
export interface AccessTokenContents {
  userId: string
  sessionId: string
  /** When the user was authenticated last; milliseconds since 1970. */
  authTime: number
  /** How the user was authenticated (RFC 8176), `['pwd']` for instance. */
  amr: readonly string[]
  role: string
  vendorId: string | null
  /** The global and the user's epoch under which the session lives. They are the session's own, never re-read. */
  epoch: readonly [global: number, user: number]
  /** The user's version. */
  version: number
  mustChangePassword: boolean
  /** Whether the session may do nothing but add a second factor. */
  mustEnrollSecondFactor?: boolean
  /** The generation of the refresh token that is issued with it. */
  generation: number
  /** The absolute end of the session; no token outlives it. Milliseconds since 1970. */
  sessionEnd: number
}

type Sign = (payload: Record<string, unknown>) => string
type Verify = (token: string) => unknown

/** Signs and verifies JWS in compact form with one key. Both are synchronous and use no thread pool. */
export interface JwtLibrary {
  createSigner (options: {
    key: string
    algorithm: 'ES256'
    kid: string
    header: { alg: 'ES256', typ: string }
  }): Sign
  createVerifier (options: {
    key: string
    algorithms: ['ES256']
    cache: false
    ignoreExpiration: true
    ignoreNotBefore: true
  }): Verify
}

export interface TokensOptions {
  keyring: { readonly current: Ring, lookUp (): Promise<Ring> }
  jwt: JwtLibrary
  clock: Pick<Clock, 'now'>
  issuer: string
  audience: string
  /** Milliseconds, an hour at most. */
  accessTokenTtl: number
  /** Called with the claims of every token that is not in the cache, live or expired: its holder received it. */
  seen?: (claims: AccessClaims) => void
  metrics: Pick<Metrics, 'increment'>
}

export type Tokens = ReturnType<typeof createTokens>

type Inspected = AccessClaims | 'unknown key' | 'expired' | 'invalid'

/** The `typ` of access tokens (RFC 9068); nothing else that the same keys sign has it. */
const type = 'at+jwt'

// A token has one spelling only (RFC 7515): no padding, no white space, no stray bits after the 64 bytes of the
// signature. The header and the payload have no second spelling, because the signature covers their text.
const compact = /^([A-Za-z0-9_-]{1,256})\.[A-Za-z0-9_-]{1,3750}\.[A-Za-z0-9_-]{85}[AQgw]$/
const ourHeader = /^\{"alg":"ES256","typ":"at\+jwt","kid":"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"\}$/

/** The most characters of a token; a longer one is refused unread. */
const tokenCharsMax = 4096

/** The most tokens in the cache. A signed-in user has one or two. */
const cacheEntriesMax = 10_000

/**
 * Access tokens: JWTs of type `at+jwt`, signed with ES256 by the active key of the ring.
 *
 * A token's header must be, byte for byte, the one that we write for a key in the ring. It is looked up, not
 * interpreted, so no `alg`, `jku`, `jwk`, `crit` or `zip` in it can have a meaning (RFC 8725). Verified tokens are
 * cached under their whole text until the ring changes; the expiry of a cached token is still checked each time.
 * Nothing here knows which tokens have been revoked.
 */
export function createTokens (options: TokensOptions) {
  const { keyring, jwt, clock, issuer, audience, accessTokenTtl, seen, metrics } = options
  const cache = createTokenCache<AccessClaims>(cacheEntriesMax)
  let ring: Ring | null = null
  let signToken: Sign | null = null
  let verifiers = new Map<string, Verify>()

  return { sign, assertCanSign, verify, verifyOrReload, readExpired }

  /**
   * The token and its lifetime in seconds, which the session's absolute end cuts short.
   * @throws Refusal `session_ended` if that end has come, `unavailable` if this node has no key to sign with
   */
  function sign (contents: AccessTokenContents): { token: string, expiresIn: number } {
    const signWith = signer()
    const iat = Math.floor(clock.now() / 1000)
    const exp = Math.min(iat + Math.floor(accessTokenTtl / 1000), Math.floor(contents.sessionEnd / 1000))
    if (exp <= iat) throw new Refusal('session_ended', { reason: 'expired' })

    const token = signWith({
      iss: issuer,
      aud: audience,
      client_id: firstParty,
      sub: contents.userId,
      sid: contents.sessionId,
      jti: randomUUID(),
      iat,
      exp,
      auth_time: Math.floor(contents.authTime / 1000),
      amr: contents.amr,
      acr: acrOf(contents.amr),
      role: contents.role,
      ...(contents.vendorId !== null && { vendor_id: contents.vendorId }),
      epoch: contents.epoch,
      ver: contents.version,
      ...(contents.mustChangePassword && { must_change_password: true }),
      ...(contents.mustEnrollSecondFactor && { must_enroll_second_factor: true }),
      gen: contents.generation
    })
    return { token, expiresIn: exp - iat }
  }

  /**
   * Call it before a refresh token is used up.
   * @throws Refusal `unavailable` if this node has no key to sign with
   */
  function assertCanSign () {
    signer()
  }

  function signer () {
    followRing()
    if (!signToken) throw unavailable(new Error('this node cannot decrypt the signing key'))
    return signToken
  }

  /**
   * The claims of a valid token, frozen.
   * @throws Refusal `invalid_token` for everything else; `unavailable` if its key may be one that this node lacks the
   * `ENCRYPTION_KEY` for
   */
  function verify (token: string): AccessClaims {
    return accept(inspect(token))
  }

  /**
   * Like `verify`, but reads the ring before it refuses a token whose header is ours and names a key that this node
   * does not know. Only then the result is a promise.
   * @throws Refusal as `verify`
   */
  function verifyOrReload (token: string): AccessClaims | Promise<AccessClaims> {
    const outcome = inspect(token)
    return outcome === 'unknown key' ? lookUpAndVerify(token) : accept(outcome)
  }

  async function lookUpAndVerify (token: string): Promise<AccessClaims> {
    try {
      await keyring.lookUp()
    } catch (error) {
      count('unavailable')
      throw error
    }
    return verify(token)
  }

  /**
   * The claims of a token of ours, expired or not, for requests that end its session. `isLive` is false for an expired
   * one. Null for everything else.
   */
  function readExpired (token: string): { claims: AccessClaims, isLive: boolean } | null {
    const claims = read(token)
    return claims === null || claims === 'unknown key' ? null : { claims, isLive: isLive(claims) }
  }

  function inspect (token: string): Inspected {
    const claims = read(token) ?? 'invalid'
    return typeof claims === 'string' || isLive(claims) ? claims : 'expired'
  }

  /** The claims of a valid token. Counts each outcome, and refuses the others. */
  function accept (outcome: Inspected): AccessClaims {
    if (typeof outcome !== 'string') {
      count('valid')
      return outcome
    }
    if (outcome === 'unknown key' && keyring.current.isPartial) {
      count('unavailable')
      throw unavailable(new Error('an unreadable key ring'))
    }
    count(outcome === 'expired' ? 'expired' : 'invalid')
    throw new Refusal('invalid_token')
  }

  function count (outcome: 'valid' | 'expired' | 'invalid' | 'unavailable') {
    metrics.increment('tokens_checked', { outcome })
  }

  function isLive ({ exp }: AccessClaims) {
    return exp * 1000 > clock.now()
  }

  function read (token: string): AccessClaims | 'unknown key' | null {
    if (token.length > tokenCharsMax) return null
    followRing()

    const known = cache.get(token)
    if (known) return known

    const header = compact.exec(token)?.[1]
    if (header === undefined) return null

    const check = verifiers.get(header)
    if (!check) return isOurs(header) ? 'unknown key' : null

    const claims = readClaims(signed(check, token), { issuer, audience, now: clock.now() })
    if (claims) seen?.(claims)
    if (claims && isLive(claims)) cache.set(token, claims)
    return claims
  }

  // The ring is replaced as a whole. With a new ring all signers and verifiers are made anew, and the cache is cleared,
  // so that no token of a removed key stays in it.
  function followRing () {
    const { current } = keyring
    if (ring === current) return

    cache.clear()
    signToken = current.signing && signerOf(current.signing)
    verifiers = new Map([...current.verifying].map(([kid, key]) => [headerText(kid), verifierOf(key)]))
    ring = current
  }

  function signerOf ({ kid, privateKey }: NonNullable<Ring['signing']>): Sign {
    return jwt.createSigner({ key: pem(privateKey, 'pkcs8'), ...header(kid) })
  }

  // We judge expiry and caching ourselves.
  function verifierOf (key: KeyObject): Verify {
    return jwt.createVerifier({
      key: pem(key, 'spki'),
      algorithms: ['ES256'],
      cache: false,
      ignoreExpiration: true,
      ignoreNotBefore: true
    })
  }
}

/** Whether an encoded header is one that we write, for whichever key. */
function isOurs (encoded: string) {
  return ourHeader.test(Buffer.from(encoded, 'base64url').toString('latin1'))
}

/** The payload of a token whose signature is good, else null. */
function signed (check: Verify, token: string): unknown {
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
