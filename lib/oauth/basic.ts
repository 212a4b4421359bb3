import { Refusal } from '../errors.ts'
import { decodeFormText } from '../formats/forms.ts'

/** What a service brings: the id of a credential and its secret, not yet judged. */
export interface Credentials { id: string, secret: string }

const none: Credentials = { id: '', secret: '' }

/**
 * The credentials of an `Authorization: Basic` header as OAuth clients send them: each half written as
 * in a form, then both in base64 (RFC 6749, section 2.3.1; RFC 7617). Undefined without a header; what
 * has another scheme or form gives empty ones, which are nobody's. Throws `malformed_request` for two headers.
 */
export function readBasic (header: string | undefined, rawHeaders: string[]): Credentials | undefined {
  if (header === undefined) return undefined
  if (rawHeaders.filter((name, place) => place % 2 === 0 && name.toLowerCase() === 'authorization').length > 1) throw new Refusal('malformed_request')

  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1]
  const [id, ...secret] = Buffer.from(encoded ?? '', 'base64').toString('latin1').split(':')
  try {
    return id === undefined || secret.length === 0 ? none : { id: decodeFormText(id), secret: decodeFormText(secret.join(':')) }
  } catch {
    return none
  }
}
