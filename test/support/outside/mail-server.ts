import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import type { SMTPServerOptions } from 'smtp-server'
import type { Test } from 'tap'

/** A mail as the server received it: the envelope, and the raw message. */
export interface ReceivedMail { from: string, to: string[], raw: string, isSecure: boolean, user: string | null }

/** A real SMTP server in this process, on a port of its own. */
export async function startMailServer (t: Pick<Test, 'teardown'>, { port = 0, ...options }: SMTPServerOptions & { port?: number } = {}) {
  const mails: ReceivedMail[] = []
  const server = new SMTPServer({ authOptional: true, disabledCommands: ['STARTTLS'], onData, ...options })

  server.on('error', () => {})
  server.listen(port, '127.0.0.1')
  await once(server.server, 'listening')
  t.teardown(close)

  const { port: bound } = server.server.address() as AddressInfo
  return { mails, port: bound, url: `${options.secure === true ? 'smtps' : 'smtp'}://127.0.0.1:${bound}`, close }

  function onData (...[stream, session, callback]: Parameters<NonNullable<SMTPServerOptions['onData']>>) {
    const chunks: Buffer[] = []
    stream.on('data', chunk => chunks.push(chunk))
    stream.on('end', () => {
      const { mailFrom, rcptTo } = session.envelope
      mails.push({
        from: mailFrom === false ? '' : mailFrom.address,
        to: rcptTo.map(({ address }) => address),
        raw: Buffer.concat(chunks).toString(),
        isSecure: session.secure,
        user: session.user ?? null
      })
      callback()
    })
  }

  async function close () {
    await new Promise<void>(resolve => server.close(resolve))
  }
}

/** The header lines of a raw mail, unfolded. */
export function headersOf (raw: string) {
  return raw.slice(0, raw.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ').split('\r\n')
}

/** The text and the HTML of a raw mail, decoded. */
export function partsOf (raw: string) {
  const [, boundary = ''] = /boundary="([^"]+)"/.exec(raw) ?? []
  const parts = raw.split(`--${boundary}`).filter(part => /^\r\nContent-Type/i.test(part)).map(part => {
    const [head = '', ...body] = part.split('\r\n\r\n')
    const text = body.join('\r\n\r\n')
    if (/base64/i.test(head)) return Buffer.from(text, 'base64').toString()
    if (!/quoted-printable/i.test(head)) return text
    return Buffer.from(text.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString()
  })
  return { text: parts[0] ?? '', html: parts[1] ?? '' }
}

/** A header as a mail program shows it (RFC 2047). */
export function decodeWords (header: string) {
  return header.replace(/=\?utf-8\?([QB])\?(.*?)\?=(?:\s+(?==\?))?/gi, (_, encoding: string, word: string) => {
    if (encoding.toUpperCase() === 'B') return Buffer.from(word, 'base64').toString()
    return Buffer.from(word.replaceAll('_', ' ').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString()
  })
}
