import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { AttemptFailure } from '../jobs/failures.ts'
import type { Message, Transport } from './mailer.ts'
import { oneLine } from './texts/plain-text.ts'

/** What we need of nodemailer's transporter. */
interface Sender<Sent> {
  sendMail (fields: ReturnType<typeof fieldsOf> & Following): Promise<Sent>
}

/** How a mail is followed on its way to the server. */
interface Following {
  /** Gives the mail up. */
  signal?: AbortSignal | undefined
  /** Called when all of the mail has been written to the connection. */
  handedOver?: () => void
}

/** A mail in nodemailer, before it is sent. */
interface ComposedMail {
  data: Following
  message: { processFunc (process: (content: Readable) => Readable): void }
}

interface Server extends Sender<unknown> {
  use (step: 'stream', plugin: (mail: ComposedMail, done: () => void) => void): unknown
}

/**
 * How long (ms) a server may take until it has all of a mail, and how long to answer then. A server that has died is
 * noticed by the first. One that looks into the content before it answers has the mail, and would get it twice if it
 * were asked again: RFC 5321 §4.5.3.2.6 wants a client to wait for ten minutes. We wait for less, because a server that
 * hangs holds a place meanwhile that other mails need.
 */
const sendLimits = { handOverMs: 20_000, answerMs: 240_000 }

/** How long (ms) one mail may take. */
export const sendTimeoutMs = sendLimits.handOverMs + sendLimits.answerMs

/** More of what a server answered is not kept. */
const answerLengthMax = 300

/**
 * Why a server did not take a mail, in a word: `certificate` (its certificate is not trusted), `sign_in` (it does not
 * accept the name and password), `refused` (it answered and said no), `unreachable`.
 */
export type MailTrouble = 'certificate' | 'sign_in' | 'refused' | 'unreachable'

/** A mail that was not delivered. The message names no address. */
export class MailFailure extends AttemptFailure {
  override readonly name = 'MailFailure'
  readonly reason: MailTrouble
  /** The server refused this mail for good (RFC 5321 §4.2.1), so that another attempt would be of no use. */
  readonly isPermanent: boolean
  /** It is permanent because of the recipient's mailbox: there is none, or it is full. Our mail is not at fault. */
  readonly isBounce: boolean

  constructor (
    message: string,
    { reason, isPermanent, isBounce = false }: { reason: MailTrouble, isPermanent: boolean, isBounce?: boolean }
  ) {
    super(message)
    this.reason = reason
    this.isPermanent = isPermanent
    this.isBounce = isBounce
  }
}

/**
 * A real mail server.
 * @param server made with `sendSettings`
 * @param prober made with `serverSettings`; it sends no mail
 */
export function createServerTransport (
  server: Server, prober: { verify (): Promise<unknown> }, { handOverMs, answerMs } = sendLimits
): Transport {
  server.use('stream', ({ data: { handedOver }, message }, done) => {
    if (handedOver !== undefined) message.processFunc(content => content.once('end', handedOver))
    done()
  })
  return { deliver, probe }

  async function deliver (message: Message) {
    const giveUp = new AbortController()
    const handOver = setTimeout(() => giveUp.abort(), handOverMs)
    const whole = setTimeout(() => giveUp.abort(), handOverMs + answerMs)
    const following = { signal: giveUp.signal, handedOver: () => clearTimeout(handOver) }
    try {
      await server.sendMail({ ...fieldsOf(message), ...following }).catch(fail)
    } finally {
      clearTimeout(handOver)
      clearTimeout(whole)
    }
  }

  async function probe () {
    const started = performance.now()
    await prober.verify().catch(fail)
    return performance.now() - started
  }
}

/** The same settings for mails: a server that has all of a mail may be silent for longer. */
export function sendSettings (...server: Parameters<typeof serverSettings>) {
  return { ...serverSettings(...server), socketTimeout: sendLimits.answerMs }
}

/**
 * nodemailer's settings for an SMTP_URL: pooled connections, and a bound on every wait. With smtps:// a connection is
 * TLS from the start.
 * @param authority the certificate (PEM) of the authority that the server's must come from; TLS is then required
 */
export function serverSettings (url: string, authority: string | null = null) {
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
    requireTLS: authority !== null || carriesPasswordAway(url),
    ...(authority === null ? {} : { tls: { ca: authority } })
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

  async function refuse (): Promise<never> { throw new AttemptFailure('SMTP_URL is not set, no mail can be sent.') }
}

function fieldsOf ({ from, to, subject, text, html, messageId, headers }: Message) {
  return {
    // An address in an object is not parsed, and the envelope names one recipient whatever the headers say.
    from,
    to: { name: '', address: to },
    envelope: { from: from.address, to: [to] },
    subject,
    text,
    html,
    messageId: `<${messageId}>`,
    headers,
    disableFileAccess: true,
    disableUrlAccess: true
  }
}

function fail (error: unknown): never {
  const message = plainTextOf(error instanceof Error ? error.message : String(error))
  const reason = reasonOf(error)
  const isPermanent = isRefusalForGood(error)
  const isBounce = isPermanent && isAboutMailbox(error)
  const word = isBounce ? 'bounced' : isPermanent ? 'refused for good' : reason
  throw new MailFailure(`mail: ${word}: ${message}`, { reason, isPermanent, isBounce })
}

/**
 * What a server answered, as a line for logs, jobs and terminals. Servers repeat the recipient, also in links. As an
 * answer may be a megabyte without a blank, each word is read once.
 */
function plainTextOf (answer: string): string {
  return oneLine(answer.replace(/[^\s<>]+/g, word => /@|%40/.test(word) ? '…' : word)).slice(0, answerLengthMax)
}

function reasonOf (error: unknown): MailTrouble {
  const { code, responseCode } = fieldsOfError(error)
  const text = error instanceof Error ? error.message : ''

  if (/certificate|altname/i.test(`${text} ${String(code)}`)) return 'certificate'
  if (code === 'EAUTH' || code === 'ENOAUTH') return 'sign_in'
  return typeof responseCode === 'number' ? 'refused' : 'unreachable'
}

// A 5xx to anything before the recipient (signing in, the sender) is about our settings, which somebody may mend. And
// 503 is about the order of commands on a connection: on another one the mail may be taken (RFC 5321 §4.2.3).
function isRefusalForGood (error: unknown): boolean {
  const { command, responseCode } = fieldsOfError(error)
  return /^(RCPT TO|DATA)$/.test(String(command)) && Number(responseCode) >= 500 && responseCode !== 503
}

// The enhanced code says it: 5.1.x is the address, 5.2.x the mailbox (RFC 3463 §3.2, §3.3). A server without them says
// it by its answer to the recipient (RFC 5321 §4.2.3).
function isAboutMailbox (error: unknown): boolean {
  const { command, responseCode, message } = fieldsOfError(error)
  const [, subject] = /(?<![\d.])5\.(\d{1,3})\.\d{1,3}(?![\d.])/.exec(String(message)) ?? []
  if (subject !== undefined) return subject === '1' || subject === '2'
  return command === 'RCPT TO' && [550, 551, 552, 553].includes(Number(responseCode))
}

/** What nodemailer sets at its errors. */
interface ServerError { code?: unknown, command?: unknown, responseCode?: unknown, message?: unknown }

function fieldsOfError (error: unknown): ServerError {
  return typeof error === 'object' && error !== null ? error : {}
}

function block ({ kind, to, subject, text }: Message, file: string) {
  const body = text.trimEnd().split('\n').map(line => `│ ${line}`).join('\n')

  return `mail ${kind}\n┌─ To: ${to}\n│  Subject: ${subject}\n│\n${body}\n└─ ${file}`
}
