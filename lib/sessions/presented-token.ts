import { Refusal } from '../errors.ts'
import type { RefreshClaims, Transport } from './refresh-tokens.ts'
import type { CarriedCookies } from '../http/token-cookies.ts'

/** A refresh token that a request carries, and the transport by which it came; it must be issued for that one. */
export interface CarriedToken {
  token: string
  transport: Transport
  /** Whether there is a second token in the body, so that it is unclear which one is meant. */
  isAmbiguous: boolean
}

/** A carried token after verification; `claims` is null for a token that this deployment has not signed. */
export interface PresentedToken { transport: Transport, claims: RefreshClaims | null }

/** The refresh token of a request: from the cookie, else from the body; undefined where neither has one. */
export function findCarriedToken (
  { refresh: fromCookie }: CarriedCookies,
  body: unknown
): CarriedToken | undefined {
  const fromBody = tokenIn(body)

  if (fromCookie !== undefined) {
    return { token: fromCookie, transport: 'cookie', isAmbiguous: fromBody !== undefined }
  }
  return fromBody === undefined ? undefined : { token: fromBody, transport: 'bearer', isAmbiguous: false }
}

/**
 * The token that was found, if any.
 * @throws Refusal `malformed_request` if there are two
 */
export function theOnly<T extends Pick<CarriedToken, 'isAmbiguous'>> (found: T | undefined): T | undefined {
  if (found?.isAmbiguous) throw new Refusal('malformed_request')
  return found
}

/**
 * The token that was found.
 * @throws Refusal `unauthenticated` if there is none, `malformed_request` if there are two
 */
export function theRequired<T extends Pick<CarriedToken, 'isAmbiguous'>> (found: T | undefined): T {
  const only = theOnly(found)
  if (!only) throw new Refusal('unauthenticated')
  return only
}

/** The refresh token in a body of any type, undefined where it has none. */
export function tokenIn (body: unknown): string | undefined {
  const isObject = typeof body === 'object' && body !== null
  const token = isObject && 'refresh_token' in body ? body.refresh_token : undefined
  return typeof token === 'string' ? token : undefined
}
