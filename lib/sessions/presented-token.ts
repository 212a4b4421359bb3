import { Refusal } from '../errors.ts'
import type { Transport } from './refresh-tokens.ts'
import type { CarriedCookies } from '../http/token-cookies.ts'

/** A refresh token and the door by which it came, which must be the one that it is for. */
export interface PresentedToken { token: string, transport: Transport }

/**
 * The refresh token of a request. Throws `unauthenticated` where there is none and `malformed_request`
 * where there are two.
 */
export function presentedToken (cookies: CarriedCookies, body: unknown): PresentedToken {
  const presented = findPresentedToken(cookies, body)
  if (!presented) throw new Refusal('unauthenticated')
  return presented
}

/** The same, undefined where there is none. */
export function findPresentedToken ({ refresh: fromCookie }: CarriedCookies, body: unknown): PresentedToken | undefined {
  const fromBody = tokenIn(body)

  if (fromCookie !== undefined && fromBody !== undefined) throw new Refusal('malformed_request')
  if (fromCookie !== undefined) return { token: fromCookie, transport: 'cookie' }
  return fromBody === undefined ? undefined : { token: fromBody, transport: 'bearer' }
}

/** The refresh token in a body, whatever the body may be. */
export function tokenIn (body: unknown): string | undefined {
  const token = typeof body === 'object' && body !== null && 'refresh_token' in body ? body.refresh_token : undefined
  return typeof token === 'string' ? token : undefined
}
