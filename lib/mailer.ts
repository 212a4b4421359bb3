import { createHash } from 'node:crypto'
import { canonicalise } from './email-address.ts'
import type { MailKind, MailValues } from './mails/kinds.ts'
import { languageFor } from './mails/languages.ts'
import { htmlOf, textOf } from './mails/layout.ts'

/** A mail to somebody, not yet in words. */
export type Mail = { [Kind in MailKind]: {
  kind: Kind
  /** One address, as it is stored. */
  to: string
  /** The reader's language, BCP 47. */
  locale: string
  values: MailValues[Kind]
  /** What the mail is about: two mails of one kind about one thing are the same to a mail program. */
  about: string
} }[MailKind]

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

    const { tag, language } = languageFor(mail.locale)
    const content = contentOf(mail)

    return {
      kind: mail.kind,
      from,
      to: mail.to,
      subject: oneLine(content.subject),
      text: textOf(content, service),
      html: htmlOf(content, service, tag),
      messageId: `${digest(`${mail.kind} ${mail.about}`)}@${domain}`,
      headers: { 'X-Latchkey-Mail': mail.kind, 'Auto-Submitted': 'auto-generated' }
    }

    function contentOf ({ kind, values }: Mail) {
      switch (kind) {
        case 'verify_email': return language.verify_email({ ...values, service })
        case 'already_registered': return language.already_registered({ ...named(values), service })
        case 'reuse_detected': return language.reuse_detected({ ...named(values), device: values.device === null ? null : oneLine(values.device), service })
        case 'password_changed': return language.password_changed({ ...named(values), service })
        case 'locked': return language.locked({ ...named(values), service })
      }
    }
  }
}

/** A name stays on its line, short, and without what turns text around (ASVS 5.0 1.2.1, 1.3.11). */
function named<T extends { name: string }> (values: T): T {
  return { ...values, name: oneLine(values.name) }
}

function oneLine (text: string) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim().slice(0, 200)
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
