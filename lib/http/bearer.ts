import { Refusal } from '../errors.ts'

/**
 * The token of an `Authorization: Bearer` header (RFC 6750 §2.1; the scheme in any case), undefined without a header.
 * For another scheme or form it is '', which no token is.
 * @param rawHeaders names and values in turn, as Node has them: `header` alone does not show a second one
 * @throws Refusal malformed_request for two headers
 */
export function readBearer (header: string | undefined, rawHeaders: string[]): string | undefined {
  if (header === undefined) return undefined
  if (rawHeaders.filter(isAuthorization).length > 1) throw new Refusal('malformed_request')

  return /^Bearer ([A-Za-z0-9\-._~+/]+=*)$/i.exec(header)?.[1] ?? ''
}

function isAuthorization (name: string, index: number): boolean {
  return index % 2 === 0 && name.length === 13 && name.toLowerCase() === 'authorization'
}
