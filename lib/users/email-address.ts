import { domainToASCII } from 'node:url'
import { Refusal } from '../errors.ts'
import type { FieldError } from '../errors.ts'

export interface EmailAddress {
  /** The recipient of mail: in NFC, the local part as it was typed, the domain as lower-case A-labels. */
  address: string
  /** The identity of the mailbox: `address` with its local part case-folded. Unique among accounts. */
  canonical: string
}

/**
 * The canonical form of a mail address. Every flow uses this function (OWASP Email Validation, ASVS 5.0 1.3.12,
 * RFC 5321 §4.1.2, RFC 6531).
 *
 * Plus signs and dots are significant, and letters are not mapped beyond NFC and case. Quoted local parts, comments, IP
 * literals, a trailing dot, domains of one label, and every control, zero-width, bidi or otherwise invisible character
 * are refused. Takes linear time.
 *
 * @returns null for a text that is no address, or one with a local part of more than 64 octets or more than 254 octets
 * in all (RFC 5321 §4.5.3.1)
 */
export function canonicalise (input: string): EmailAddress | null {
  if (input.length > inputLengthMax) return null

  const typed = input.normalize('NFC')
  const at = typed.indexOf('@')
  const local = typed.slice(0, at)
  const domain = toAscii(typed.slice(at + 1))
  if (at < 1 || domain === null) return null

  const folded = fold(local)
  if (!isLocalPart(local) || !isLocalPart(folded)) return null
  if (Buffer.byteLength(`${local}@${domain}`) > 254 || Buffer.byteLength(`${folded}@${domain}`) > 254) return null

  return { address: `${local}@${domain}`, canonical: `${folded}@${domain}` }
}

/**
 * The canonical form of an address that a request carries at `path`, a JSON pointer.
 * @throws Refusal `invalid_request` with `not_an_address` for that path
 */
export function parseAddress (input: string, path: string): EmailAddress {
  const address = canonicalise(input)
  if (!address) throw new Refusal('invalid_request', { errors: [notAnAddress(path)] })
  return address
}

/**
 * The canonical form of an address that is to become the one of an account.
 * @throws Refusal `invalid_request` with `not_an_address` or `local_part_not_ascii` for the path
 */
export function parseNewAddress (input: string, path: string): EmailAddress {
  const address = parseAddress(input, path)
  assertDeliverable(address, path)
  return address
}

/**
 * Refuses an address that cannot become the one of an account. One that is stored already goes on working.
 * @throws Refusal `invalid_request` with `local_part_not_ascii` for the path
 */
export function assertDeliverable (address: EmailAddress, path: string) {
  if (!isDeliverable(address)) throw new Refusal('invalid_request', { errors: [notDeliverable(path)] })
}

/**
 * Whether every mail server takes mail for an address: its local part is ASCII, its domain always is. Many servers do
 * not implement SMTPUTF8 (RFC 6531), and the owner of another address would never get a code or a link from them.
 */
export function isDeliverable ({ address }: EmailAddress): boolean {
  return /^\p{ASCII}*$/u.test(address)
}

/** The errors of a field, for a refusal that may list further errors of the request. */
export function notAnAddress (path: string): FieldError {
  return { path, code: 'not_an_address', message: 'This is not an email address.' }
}

export function notDeliverable (path: string): FieldError {
  return {
    path,
    code: 'local_part_not_ascii',
    message: 'Only ASCII characters can stand before the @: many mail servers deliver to no other address.'
  }
}

/** Nothing longer, in UTF-16 units, shrinks to 254 octets. So no step has to work on a long string. */
const inputLengthMax = 1024

/** Visible letters, marks and digits; no assigned code point changes its class or its case later. */
const visible = '(?![\\p{ASCII}\\p{Default_Ignorable_Code_Point}])[\\p{L}\\p{M}\\p{N}]'
const atom = `(?!\\p{M})(?:[a-zA-Z0-9!#$%&'*+/=?^_\`{|}~\\-]|${visible})+`
const localPart = new RegExp(`^${atom}(?:\\.${atom})*$`, 'u')

function isLocalPart (local: string) {
  return Buffer.byteLength(local) <= 64 && localPart.test(local)
}

/**
 * Maps upper to lower case, one code point at a time, and only if the lower case maps back to it. Therefore İ, ı, ſ, ß
 * and ẞ stay as they are and do not collide with i, s and ss, which may be other people's mailboxes. No mapping depends
 * on the neighbours (final sigma) or makes the text longer.
 */
function fold (local: string) {
  return Array.from(local, letter => {
    const lower = letter.toLowerCase()
    return lower.toUpperCase() === letter ? lower : letter
  }).join('').normalize('NFC')
}

const typedDomain = new RegExp(`^(?:[a-zA-Z0-9.\\-]|${visible})+$`, 'u')
const label = '[a-z0-9](?:[a-z0-9\\-]{0,61}[a-z0-9])?'
const asciiDomain = new RegExp(`^(?:${label}\\.)+(?!\\d+$)${label}$`)

function toAscii (domain: string) {
  // The URL parser behind domainToASCII decodes %2e and drops soft hyphens, so they are refused before it.
  if (!typedDomain.test(domain)) return null

  const ascii = domainToASCII(domain)
  return ascii.length <= 253 && asciiDomain.test(ascii) ? ascii : null
}
