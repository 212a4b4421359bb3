import { createHash, randomUUID } from 'node:crypto'
import type { Audit } from '../audit/audit.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import type { Clock } from '../clock.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Database } from '../stores/database.ts'

/** What the service answers to a prefix. The body is not read yet. */
export interface RangeAnswer { status: number, body: AsyncIterable<Uint8Array> | null }

export interface BreachedPasswordParts {
  /** Asks for all digests that begin with five hexadecimal characters, until the signal is aborted. */
  ask: (prefix: string, signal: AbortSignal) => Promise<RangeAnswer>
  /** How long one query may take, from the name look-up to the last byte. */
  deadlineMs: number
  breaker: CircuitBreaker
  database: Database
  audit: Pick<Audit, 'record'>
  metrics: Pick<Metrics, 'increment'>
  clock: Pick<Clock, 'now'>
  /** Called with what went wrong, once a minute at most, and with nothing about a password. */
  warn: (details: object) => void
}

/** Why a password was not checked. `detail` is an HTTP status or the code of a system's error. */
interface Unchecked {
  outcome: 'failed' | 'skipped'
  reason: 'timeout' | 'unreachable' | 'refused' | 'too_large' | 'unreadable' | 'busy' | 'paused'
  detail?: unknown
}

type Verdict = { outcome: 'clean' | 'breached' } | Unchecked

/** The most queries at once. A password beyond that is not checked, which is better than a queue. */
const queriesMax = 16

/** The largest answer, after decompression. A range with its padding has some 40 KB. */
const answerBytesMax = 1024 * 1024

/** How often a failure is recorded. */
const noteIntervalMs = 60_000

/**
 * Passwords that are known from breaches (ASVS 5.0 6.2.12), by the range query of Have I Been Pwned: five characters
 * of a digest are sent, some thousand digests that share them come back, and they are compared here. It fails open:
 * nobody is kept from signing up because that service does not answer.
 */
export function createBreachedPasswords (parts: BreachedPasswordParts) {
  const { ask, deadlineMs, breaker, database, audit, metrics, clock, warn } = parts
  let asking = 0
  let unchecked = 0
  let notedAt = -Infinity

  return { isBreached }

  /**
   * Whether the service knows the password. Never throws: if the service cannot be asked, the answer is no, and that is
   * counted and recorded in the audit trail.
   * @param password in NFC, as it is hashed
   */
  async function isBreached (password: string): Promise<boolean> {
    const verdict = await judge(password)

    metrics.increment('breach_checks', { outcome: verdict.outcome })
    if ('reason' in verdict) await note(verdict)
    return verdict.outcome === 'breached'
  }

  async function judge (password: string): Promise<Verdict> {
    if (asking >= queriesMax) return { outcome: 'skipped', reason: 'busy' }
    if (!breaker.mayTry()) return { outcome: 'skipped', reason: 'paused' }

    // The protocol wants SHA-1. All it has to hide is which of the many passwords with this prefix is meant.
    const digest = createHash('sha1').update(password).digest('hex').toUpperCase()
    asking++
    const verdict = await within(deadlineMs, signal => look(digest, signal)).finally(() => { asking-- })
    breaker.note(verdict.outcome !== 'failed')
    return verdict
  }

  async function look (digest: string, signal: AbortSignal): Promise<Verdict> {
    const { status, body } = await ask(digest.slice(0, 5), signal)
    if (status !== 200 || body === null) return { outcome: 'failed', reason: 'refused', detail: status }

    const text = await read(body)
    if (text === null) return { outcome: 'failed', reason: 'too_large' }

    const counts = countsOf(text, digest.slice(5))
    if (counts === null) return { outcome: 'failed', reason: 'unreadable' }
    return { outcome: counts.some(count => count > 0) ? 'breached' : 'clean' }
  }

  // An outage gives one row a minute, however many people sign up. The row says how many passwords were not checked.
  async function note ({ reason, detail }: Unchecked) {
    const now = clock.now()
    unchecked++
    if (Math.abs(now - notedAt) < noteIntervalMs) return

    const personal = { unchecked }
    notedAt = now
    unchecked = 0
    warn({ reason, detail, ...personal })
    await audit.record(database, {
      event: 'breach_check_failed',
      outcome: 'failure',
      reason,
      subject: null,
      // The failure is not the caller's, so the caller is not named.
      caller: { ip: '', userAgent: null, requestId: randomUUID() },
      personal
    }).catch(error => warn({ err: error }))
  }
}

/**
 * The verdict of the work, or `timeout`. The signal alone would not do: a body that is aborted at a bad moment leaves
 * its reader waiting for ever (nodejs/node#56917).
 */
async function within (timeoutMs: number, work: (signal: AbortSignal) => Promise<Verdict>): Promise<Verdict> {
  const over = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<Verdict>(resolve => {
    timer = setTimeout(resolve, timeoutMs, { outcome: 'failed', reason: 'timeout' })
  })

  try {
    return await Promise.race([timeout, work(over.signal).catch(unreachable)])
  } finally {
    clearTimeout(timer)
    // Nothing reads the rest of the body.
    over.abort()
  }
}

function unreachable (error: unknown): Verdict {
  const cause = error instanceof Error ? error.cause : undefined
  const detail = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return { outcome: 'failed', reason: 'unreachable', detail }
}

/** The whole text, or null as soon as it is too large. */
async function read (body: AsyncIterable<Uint8Array>) {
  const chunks: Uint8Array[] = []
  let length = 0

  for await (const chunk of body) {
    length += chunk.length
    if (length > answerBytesMax) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('latin1')
}

/**
 * How often a digest was seen, for its characters after the prefix; 0 in rows that are padding. Null for a text that is
 * not a range: half of one proves nothing, and no password is refused because of a text that cannot be read.
 */
function countsOf (text: string, rest: string): number[] | null {
  const rows = text.trimEnd().split(/\r?\n/).map(line => /^([0-9A-F]{35}):(\d{1,15})$/i.exec(line))
  if (rows.includes(null)) return null

  return rows.flatMap(row => row?.[1]?.toUpperCase() === rest ? [Number(row[2])] : [])
}
