import { domainToASCII } from 'node:url'
import parseAddresses from 'nodemailer/lib/addressparser'

/** A sender of mails (RFC 5322 §3.4): its display name, which may be empty, and its address. */
export interface Mailbox {
  name: string
  /** The domain is in lower-case A-labels (RFC 5891), so that every mail server takes it. */
  address: string
}

/**
 * Reads `Name <local@domain>` or `local@domain`, with the parser that the mail library applies to headers. A name with
 * a colon, a semicolon or a quotation mark is in quotes.
 * @throws Error which says what is wanted, for a group, no mailbox or several of them
 */
export function parseMailbox (text: string): Mailbox {
  const [entry, ...others] = /\p{Cc}/u.test(text) ? [] : parseAddresses(text)
  if (entry?.group !== undefined) {
    throw new Error('must be one address, not a group: put a name with a colon in quotes, "Acme: Mail" <mail@example.com>')
  }

  const address = addressOf(entry?.address ?? '')
  if (entry === undefined || address === null || others.length > 0) {
    throw new Error('must be exactly one address, such as Latchkey <no-reply@example.com>')
  }
  return { name: entry.name, address }
}

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const asciiDomain = new RegExp(`^${label}(?:\\.${label})*$`)

function addressOf (typed: string): string | null {
  const [, local, domain = ''] = /^([^\s@<>"]+)@([\p{L}\p{M}\p{N}.-]+)$/u.exec(typed) ?? []
  const ascii = domainToASCII(domain)
  return local !== undefined && asciiDomain.test(ascii) ? `${local}@${ascii}` : null
}
