import { createHash } from 'node:crypto'
import { canonicalise } from '../users/email-address.ts'
import type { Detail, Language, MailContent, MailKind, MailValues, Matter, Occasion } from './texts/kinds.ts'
import { languageFor } from './texts/languages.ts'
import { htmlOf, textOf } from './texts/layout.ts'
import { asName, oneLine } from './texts/plain-text.ts'
import { readUserAgent } from './texts/user-agent.ts'

/** A mail to somebody, not yet in words. */
export type Mail = Matter & {
  /** One address, as it is stored. */
  to: string
  /** What the reader is called; null where a stranger may have chosen the name. */
  name: string | null
  /** The reader's language, BCP 47. */
  locale: string
  /** When and from where that came which the mail tells of. */
  occasion?: Occasion
  /** What the mail is about: two mails of one kind about one thing are the same to a mail program. */
  about: string
}

/** A mail in words, for exactly one recipient. */
export interface Message {
  kind: MailKind
  from: string
  to: string
  subject: string
  text: string
  html: string
  /** Without angle brackets. */
  messageId: string
  headers: Record<string, string>
}

/** The way out: a mail server, a folder. Rejects with an error that names no address. */
export interface Transport {
  deliver (message: Message): Promise<void>
  /** Asks the server for a sign of life; milliseconds. */
  probe (): Promise<number>
}

export type Mailer = ReturnType<typeof createMailer>

/**
 * Puts mails into words and hands them to the transport.
 * @param from the sender as in MAIL_FROM; its display name is what the mails call the service
 */
export function createMailer (transport: Transport, { from }: { from: string }) {
  const { service, domain } = senderOf(from)

  return { deliver, probe: () => transport.probe() }

  /** Delivers a mail to its one recipient. @throws what the transport throws */
  async function deliver (mail: Mail): Promise<void> {
    await transport.deliver(compose(mail))
  }

  function compose (mail: Mail): Message {
    // Whatever is in the store: an address that is not exactly one would reach others (ASVS 5.0 1.3.11).
    if (canonicalise(mail.to)?.address !== mail.to) throw new Error('The recipient is not one address.')

    const language = languageFor(mail.locale)
    const content = contentOf(language, mail, service)
    const frame = {
      language,
      greeting: language.greeting(asName(mail.name ?? '') || null),
      service,
      details: [...(content.details ?? []), ...detailsOf(language, mail.occasion)]
    }

    return {
      kind: mail.kind,
      from,
      to: mail.to,
      subject: oneLine(content.subject),
      text: textOf(content, frame),
      html: htmlOf(content, frame),
      messageId: `${digest(`${mail.kind} ${mail.about}`)}@${domain}`,
      headers: { 'X-Latchkey-Mail': mail.kind, 'Auto-Submitted': 'auto-generated' }
    }
  }
}

function contentOf<Kind extends MailKind> (language: Language, { kind, values }: { kind: Kind, values: MailValues[Kind] }, service: string): MailContent {
  return language.mails[kind](values, service)
}

/** When, on what and where from, as far as it is known. */
function detailsOf ({ labels, time, agent }: Language, occasion: Occasion | undefined): Detail[] {
  if (occasion === undefined) return []
  const { at, userAgent, ip } = occasion
  const details: Detail[] = [
    [labels.when, time(at)],
    [labels.device, userAgent === null ? '' : agent(readUserAgent(userAgent))],
    [labels.address, ip ?? '']
  ]
  return details.filter(([, value]) => value !== '')
}

function senderOf (from: string) {
  const [, name = '', address = from] = /^\s*"?([^"<]*?)"?\s*<([^<>]+)>\s*$/.exec(from) ?? []
  const domain = address.slice(address.lastIndexOf('@') + 1)

  return { domain, service: name === '' ? domain : name }
}

// Hashed, because what a mail is about may be half of what confirms an address.
function digest (text: string) {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
