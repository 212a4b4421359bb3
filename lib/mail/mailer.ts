import { domainToUnicode } from 'node:url'
import type { Mailbox } from '../config/addresses/mailbox.ts'
import { sha256 } from '../crypto/sha256.ts'
import { canonicalise } from '../users/email-address.ts'
import type { Detail, Language, MailContent, MailKind, MailValues, Occasion, Topic } from './texts/kinds.ts'
import { languageFor } from './texts/languages.ts'
import { htmlOf, textOf } from './texts/layout.ts'
import { asName, oneLine } from './texts/plain-text.ts'
import { readUserAgent } from './texts/user-agent.ts'

/** A mail before it is written in a language. */
export type Mail = Topic & {
  /** One address, as it is stored. */
  to: string
  /** The name of the reader; null where a stranger may have chosen it. */
  name: string | null
  /** The reader's language, BCP 47. */
  locale: string
  /** When and from where the thing happened that the mail reports. */
  occasion?: Occasion
  /** What the mail is about. Two mails of one kind about the same thing have one message id. */
  about: string
}

/** A mail as it is sent, to exactly one recipient. */
export interface Message {
  kind: MailKind
  from: Mailbox
  to: string
  subject: string
  text: string
  html: string
  /** Without angle brackets. */
  messageId: string
  headers: Record<string, string>
}

/** Where mails go: a mail server or a folder. Rejects with an error that names no address. */
export interface Transport {
  deliver (message: Message): Promise<void>
  /** Asks the server for an answer. Returns how many milliseconds it took. */
  probe (): Promise<number>
}

export type Mailer = ReturnType<typeof createMailer>

/**
 * Writes mails in the reader's language and hands them to the transport.
 * @param from the sender; mails call the service by its display name, or by its domain
 */
export function createMailer (transport: Transport, { from }: { from: Mailbox }) {
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)
  const service = from.name === '' ? domainToUnicode(domain) : from.name

  return { deliver, probe: () => transport.probe() }

  /**
   * Delivers a mail to its one recipient.
   * @throws Error of the transport, or when the recipient is not exactly one address
   */
  async function deliver (mail: Mail): Promise<void> {
    await transport.deliver(compose(mail))
  }

  function compose (mail: Mail): Message {
    // A text that is not exactly one address would reach other people (ASVS 5.0 1.3.11).
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

function contentOf<Kind extends MailKind> (
  language: Language, { kind, values }: { kind: Kind, values: MailValues[Kind] }, service: string
): MailContent {
  return language.mails[kind](values, service)
}

/** When, on which device and from where, as far as it is known. */
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

// Hashed, because the id of a registration is one of the two things that confirm an address.
function digest (text: string) {
  return sha256(text).toString('hex').slice(0, 32)
}
