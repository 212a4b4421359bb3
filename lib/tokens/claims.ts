import { accessTokenTtlMaxMs } from '../config/lifetimes.ts'
import { isUuid } from '../crypto/uuids.ts'

/** The `client_id` of a session's own tokens. A token with another one would be an OAuth client's. */
export const firstParty = 'first-party'

/** The claims of an access token (RFC 9068); times in whole seconds since 1970. */
export interface AccessClaims {
  readonly iss: string
  readonly aud: string
  /** The client that the token was issued to (RFC 9068, section 2.2): a session has no OAuth client. */
  readonly client_id: typeof firstParty
  /** The user's id. */
  readonly sub: string
  /** The session's id. */
  readonly sid: string
  readonly jti: string
  readonly iat: number
  readonly exp: number
  readonly auth_time: number
  readonly amr: readonly string[]
  /** How strong that was (assurance.ts). Tokens of older versions have none. */
  readonly acr?: string
  readonly role: string
  readonly vendor_id?: string
  /** The global and the user's epoch under which the session lives. */
  readonly epoch: readonly [global: number, user: number]
  /** The user's version. */
  readonly ver: number
  readonly must_change_password?: true
  /** The session may do nothing but add a second factor. */
  readonly must_enroll_second_factor?: true
  /** The generation of the refresh token that was issued with it. Tokens of older versions have none. */
  readonly gen?: number
}

/** The most seconds by which the clocks of two nodes may differ. */
const clockSkewSeconds = 30

/**
 * The claims of a payload whose signature is good, frozen. Null if it is not an access token for this API: something
 * else may have been signed with our keys, by an older version for instance. Types are exact, nothing is coerced.
 * Claims that are not listed are ignored (RFC 7519, section 4), except `nbf`: we never write it, so it is refused. A
 * token of an OAuth client is refused too: its rights are not those of the user's own session.
 * Expiry is not judged here. `now` is in milliseconds since 1970.
 */
export function readClaims (payload: unknown, { issuer, audience, now }: {
  issuer: string
  audience: string
  now: number
}): AccessClaims | null {
  if (!isAccessClaims(payload) || 'nbf' in payload) return null

  const { iss, aud, iat, exp, auth_time: authTime } = payload
  const latest = now / 1000 + clockSkewSeconds
  const isForUs = iss === issuer && aud === audience
  const isTimely = exp > iat && (exp - iat) * 1000 <= accessTokenTtlMaxMs && iat <= latest && authTime <= latest
  if (!isForUs || !isTimely) return null

  // Cached claims are shared by many requests.
  Object.freeze(payload.amr)
  Object.freeze(payload.epoch)
  return Object.freeze(payload)
}

function isAccessClaims (payload: unknown): payload is AccessClaims {
  if (typeof payload !== 'object' || payload === null) return false

  const claims = new Map<string, unknown>(Object.entries(payload))
  return ['iss', 'aud', 'role'].every(name => isText(claims.get(name))) &&
    claims.get('client_id') === firstParty &&
    ['sub', 'sid', 'jti'].every(name => isUuid(claims.get(name))) &&
    ['iat', 'exp', 'auth_time', 'ver'].every(name => isCount(claims.get(name))) &&
    isListOf(isText, claims.get('amr')) &&
    isListOf(isCount, claims.get('epoch'), 2) &&
    (!claims.has('vendor_id') || isUuid(claims.get('vendor_id'))) &&
    (!claims.has('must_change_password') || claims.get('must_change_password') === true) &&
    (!claims.has('must_enroll_second_factor') || claims.get('must_enroll_second_factor') === true) &&
    (!claims.has('acr') || isText(claims.get('acr'))) &&
    (!claims.has('gen') || isCount(claims.get('gen')))
}

function isText (value: unknown) {
  return typeof value === 'string' && value !== ''
}

function isCount (value: unknown) {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isListOf (isItem: (value: unknown) => boolean, value: unknown, length?: number) {
  if (!Array.isArray(value) || value.length === 0) return false
  return value.length === (length ?? value.length) && value.every(isItem)
}
