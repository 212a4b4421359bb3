import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Message, Transport } from './mailer.ts'

/** What we need of nodemailer's transporter. */
interface Sender<Sent> {
  sendMail (fields: ReturnType<typeof fieldsOf> & { signal?: AbortSignal }): Promise<Sent>
}

/** How long one mail may take: much less than the lease of its job. */
const sendTimeoutMs = 20_000

/** A real mail server. */
export function createServerTransport (server: Sender<unknown> & { verify (): Promise<unknown> }): Transport {
  return {
    deliver: async message => {
      await server.sendMail({ ...fieldsOf(message), signal: AbortSignal.timeout(sendTimeoutMs) }).catch(hideAddresses)
    },
    probe: async () => {
      const started = performance.now()
      await server.verify().catch(hideAddresses)
      return performance.now() - started
    }
  }
}

/**
 * nodemailer's settings for an SMTP_URL: pooled connections, and a bound on every wait. With smtps:// a connection is
 * TLS from the start.
 */
export function serverSettings (url: string) {
  return {
    url,
    pool: true as const,
    maxConnections: 4,
    maxRequeues: 1,
    dnsTimeout: 5000,
    connectionTimeout: 5000,
    greetingTimeout: 5000,
    socketTimeout: 10_000,
    socketCloseTimeout: 1000,
    idleTimeout: 30_000,
    // Otherwise a server without STARTTLS, or an attacker who poses as the server, would get the password in clear.
    requireTLS: carriesPasswordAway(url)
  }
}

function carriesPasswordAway (url: string) {
  const { password, hostname } = new URL(url)
  return password !== '' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}

/**
 * For development: writes each mail into a file of the folder, named after its time and kind, and shows it as text.
 * @param composer makes the raw message and does not send it
 */
export function createFolderTransport (
  composer: Sender<{ message: unknown }>, folder: string, show: (text: string) => void
): Transport {
  return { deliver, probe: async () => 0 }

  async function deliver (message: Message) {
    const { message: raw } = await composer.sendMail(fieldsOf(message))
    if (!Buffer.isBuffer(raw)) throw new TypeError('the composer is meant to buffer')

    const time = new Date().toISOString().replaceAll(':', '-')
    const file = join(folder, `${time}-${message.kind}-${message.messageId.slice(0, 8)}.eml`)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(file, raw, { mode: 0o600 })
    show(block(message, file))
  }
}

/** For a server without SMTP_URL: every mail fails, so that its job stays visible to operators. */
export function createMissingTransport (): Transport {
  return { deliver: refuse, probe: refuse }

  async function refuse (): Promise<never> { throw new Error('SMTP_URL is not set, no mail can be sent.') }
}

function fieldsOf ({ from, to, subject, text, html, messageId, headers }: Message) {
  return {
    from,
    // An address in an object is not parsed, and the envelope names one recipient whatever the headers say.
    to: { name: '', address: to },
    envelope: { from, to: [to] },
    subject,
    text,
    html,
    messageId: `<${messageId}>`,
    headers,
    disableFileAccess: true,
    disableUrlAccess: true
  }
}

/** Servers repeat the recipient in their answers. The log and the job must not contain it. */
function hideAddresses (error: unknown): never {
  const message = error instanceof Error ? error.message : String(error)
  throw new Error(`mail: ${message.replace(/[^\s<>]+@[^\s<>]+/g, '…')}`)
}

function block ({ kind, to, subject, text }: Message, file: string) {
  const body = text.trimEnd().split('\n').map(line => `│ ${line}`).join('\n')

  return `mail ${kind}\n┌─ To: ${to}\n│  Subject: ${subject}\n│\n${body}\n└─ ${file}`
}
