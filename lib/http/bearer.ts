import { Refusal } from '../errors.ts'

/**
 * The token of an `Authorization: Bearer` header (RFC 6750 §2.1; the scheme in any case), undefined
 * without a header. Another scheme or form gives '', which is no token. Throws `malformed_request`
 * for two headers.
 */
export function readBearer (header: string | undefined, rawHeaders: string[]): string | undefined {
  if (header === undefined) return undefined
  if (rawHeaders.filter((name, place) => place % 2 === 0 && name.length === 13 && name.toLowerCase() === 'authorization').length > 1) throw new Refusal('malformed_request')

  return /^Bearer ([A-Za-z0-9\-._~+/]+=*)$/i.exec(header)?.[1] ?? ''
}
