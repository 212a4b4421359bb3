/** The claims of an access token (RFC 9068); times in whole seconds since 1970. */
export interface AccessClaims {
  readonly iss: string
  readonly aud: string
  /** The user's id. */
  readonly sub: string
  /** The session's id. */
  readonly sid: string
  readonly jti: string
  readonly iat: number
  readonly exp: number
  readonly auth_time: number
  readonly amr: readonly string[]
  readonly role: string
  readonly vendor_id?: string
  /** The global and the user's epoch under which the session lives. */
  readonly epoch: readonly [global: number, user: number]
  /** The user's version. */
  readonly ver: number
  readonly must_change_password?: true
}

/** The clocks of two nodes may differ by so much (s). */
const skew = 30
/** ACCESS_TOKEN_TTL may not be longer (s). */
const longest = 3600

/**
 * The claims of a payload whose signature is good, or null: somebody who signs with our keys, an older
 * version for instance, may still not have meant an access token for this API. Exact types, nothing
 * is coerced. Claims that are not listed are ignored (RFC 7519, section 4), save `nbf`, which we
 * never write. Whether they have expired is not judged here. `now` is in milliseconds.
 */
export function readClaims (payload: unknown, { issuer, audience, now }: { issuer: string, audience: string, now: number }): AccessClaims | null {
  if (!isAccessClaims(payload) || 'nbf' in payload) return null

  const { iss, aud, iat, exp, auth_time: authTime } = payload
  const meant = iss === issuer && aud === audience
  const timely = exp > iat && exp - iat <= longest && iat <= now / 1000 + skew && authTime <= now / 1000 + skew
  if (!meant || !timely) return null

  // Cached claims are handed to many requests.
  Object.freeze(payload.amr)
  Object.freeze(payload.epoch)
  return Object.freeze(payload)
}

function isAccessClaims (payload: unknown): payload is AccessClaims {
  if (typeof payload !== 'object' || payload === null) return false

  const claims = new Map<string, unknown>(Object.entries(payload))
  return ['iss', 'aud', 'role'].every(name => isText(claims.get(name))) &&
    ['sub', 'sid', 'jti'].every(name => isUuid(claims.get(name))) &&
    ['iat', 'exp', 'auth_time', 'ver'].every(name => isCount(claims.get(name))) &&
    isListOf(isText, claims.get('amr')) &&
    isListOf(isCount, claims.get('epoch'), 2) &&
    (!claims.has('vendor_id') || isUuid(claims.get('vendor_id'))) &&
    (!claims.has('must_change_password') || claims.get('must_change_password') === true)
}

function isText (value: unknown) {
  return typeof value === 'string' && value !== ''
}

function isUuid (value: unknown) {
  return typeof value === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)
}

function isCount (value: unknown) {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isListOf (isItem: (value: unknown) => boolean, value: unknown, length?: number) {
  return Array.isArray(value) && value.length > 0 && value.length === (length ?? value.length) && value.every(isItem)
}
