import { Refusal } from '../errors.ts'
import type { RefreshClaims, Transport } from './refresh-tokens.ts'
import type { CarriedCookies } from '../http/token-cookies.ts'

/** A refresh token that a request carries, and the transport by which it came, which must be its own. */
export interface CarriedToken {
  token: string
  transport: Transport
  /** Whether there is one in the body as well: nobody can tell which of them is meant. */
  isAmbiguous: boolean
}

/** What a carried token has been verified to say; `claims` is null for what this deployment has not signed. */
export interface PresentedToken { transport: Transport, claims: RefreshClaims | null }

/** The one reader of refresh tokens: the cookie before the body, undefined where there is none in either. */
export function findCarriedToken ({ refresh: fromCookie }: CarriedCookies, body: unknown): CarriedToken | undefined {
  const fromBody = tokenIn(body)

  if (fromCookie !== undefined) {
    return { token: fromCookie, transport: 'cookie', isAmbiguous: fromBody !== undefined }
  }
  return fromBody === undefined ? undefined : { token: fromBody, transport: 'bearer', isAmbiguous: false }
}

/** @throws Refusal malformed_request for a token that is one of two */
export function theOnly<T extends Pick<CarriedToken, 'isAmbiguous'>> (found: T | undefined): T | undefined {
  if (found?.isAmbiguous) throw new Refusal('malformed_request')
  return found
}

/** @throws Refusal unauthenticated where there is none, malformed_request where there are two */
export function theRequired<T extends Pick<CarriedToken, 'isAmbiguous'>> (found: T | undefined): T {
  const only = theOnly(found)
  if (!only) throw new Refusal('unauthenticated')
  return only
}

/** The refresh token in a body, whatever the body may be. */
export function tokenIn (body: unknown): string | undefined {
  const isObject = typeof body === 'object' && body !== null
  const token = isObject && 'refresh_token' in body ? body.refresh_token : undefined
  return typeof token === 'string' ? token : undefined
}
