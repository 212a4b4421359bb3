import { Refusal } from '../errors.ts'
import { decodeFormText } from '../formats/forms.ts'

/** The id of a service's credential and its secret, as they were sent and not yet verified. */
export interface Credentials { id: string, secret: string }

const none: Credentials = { id: '', secret: '' }

/**
 * The credentials of an `Authorization: Basic` header as OAuth clients send them: each half encoded as in a form, then
 * both in base64 (RFC 6749, section 2.3.1; RFC 7617). Undefined without a header. A header of another scheme or form
 * gives empty credentials, which no service has.
 * @param rawHeaders names and values in turn, as Node.js received them
 * @throws Refusal `malformed_request` for two headers
 */
export function readBasic (header: string | undefined, rawHeaders: string[]): Credentials | undefined {
  if (header === undefined) return undefined
  const names = rawHeaders.filter((_, index) => index % 2 === 0)
  if (names.filter(name => name.toLowerCase() === 'authorization').length > 1) throw new Refusal('malformed_request')

  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1]
  const [id, ...secret] = Buffer.from(encoded ?? '', 'base64').toString('latin1').split(':')
  try {
    if (id === undefined || secret.length === 0) return none
    return { id: decodeFormText(id), secret: decodeFormText(secret.join(':')) }
  } catch {
    return none
  }
}
