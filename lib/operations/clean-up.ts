import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { Metrics } from './metrics.ts'
import type { CleanUpStore, Kind } from './clean-up-store.ts'

/** How many rows were removed, by kind. */
export type RemovedRows = Record<Kind, number>

export interface CleanUpResult {
  removed: RemovedRows
  /** False if the run was stopped, or ran out of time, before all were removed. */
  isComplete: boolean
}

export interface CleanUpRun {
  /** Ends the run after the current batch. */
  signal?: AbortSignal
  /** Milliseconds after which the run ends with the current batch. */
  timeoutMs?: number
  /** Called after each batch with the number of rows of a kind that have been removed so far. */
  report?: (kind: Kind, removed: number) => void
}

interface Parts {
  store: CleanUpStore
  log: { info (fields: object, message: string): void, debug (fields: object, message: string): void }
  metrics: Pick<Metrics, 'increment' | 'gauge'>
  clock: Pick<Clock, 'now' | 'monotonic' | 'offset'>
  /** The most rows of one batch. */
  batchSize: number
  /** Milliseconds. */
  lifetimes: { registrationTtl: number, refreshTokenTtl: number, sessionTtl: number }
  /** Encrypts under the newest key what older ones have encrypted. Returns how many rows that were. */
  encryptAgain?: (signal?: AbortSignal) => Promise<number>
  /** Waits for that many milliseconds, or until the signal. */
  pause?: (milliseconds: number, signal?: AbortSignal) => Promise<unknown>
}

export type CleanUp = ReturnType<typeof createCleanUp>

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** The kinds with many rows come last, so that the others need not wait for them. */
const kinds: readonly Kind[] = [
  'registrations', 'one_time_tokens', 'known_devices', 'waiting_totp_secrets', 'spent_challenges', 'failed_jobs', 'changes',
  'epoch_changes', 'ended_sessions', 'expired_sessions'
]

const nothing: RemovedRows = {
  registrations: 0,
  one_time_tokens: 0,
  known_devices: 0,
  waiting_totp_secrets: 0,
  spent_challenges: 0,
  failed_jobs: 0,
  changes: 0,
  epoch_changes: 0,
  ended_sessions: 0,
  expired_sessions: 0
}

/** Rows of the first batch of each kind. The next batch takes twice as many, as long as batches are quick. */
const firstBatchRows = 100
/** A batch that took longer than this is followed by one of half its size. */
const quickBatchMs = 50
/** Milliseconds of rest for each millisecond of work: so a run takes a tenth of one connection. */
const restPerWork = 9

/**
 * Removes rows that nothing needs any more, in batches. Each batch is a short statement of its own: locked rows are
 * passed over, nothing waits for long, and a run that breaks off loses nothing. Two runs at once do no harm.
 */
export function createCleanUp (parts: Parts) {
  const { store, log, metrics, clock, batchSize, lifetimes, encryptAgain, pause = sleep } = parts
  const latest: { seconds?: number, succeededAt?: number } = {}

  metrics.gauge(
    'latchkey_clean_up_duration_seconds',
    'How long the last clean-up of this node took. Not shown before the first.',
    () => known(latest.seconds)
  )
  metrics.gauge(
    'latchkey_clean_up_success_timestamp_seconds',
    'When this node last finished a clean-up. Not shown before the first.',
    () => known(latest.succeededAt)
  )
  for (const kind of kinds) metrics.increment('cleaned_up', { kind }, 0)
  return { run }

  /**
   * Removes all rows that are due, and encrypts secrets under the newest key, unless it is stopped or runs out of time
   * before.
   * @throws Refusal `unavailable`; rows that were removed by then stay removed
   */
  async function run ({ signal, timeoutMs = Infinity, report = () => {} }: CleanUpRun = {}): Promise<CleanUpResult> {
    const started = clock.monotonic()
    const removed = { ...nothing }
    const isOver = () => signal?.aborted === true || clock.monotonic() - started >= timeoutMs

    for (const kind of kinds) {
      await removeAll(kind, isOver, signal, rows => {
        removed[kind] += rows
        if (rows > 0) metrics.increment('cleaned_up', { kind }, rows)
        report(kind, removed[kind])
      })
    }

    const encrypted = isOver() ? 0 : await encryptAgain?.(signal) ?? 0
    if (encrypted > 0) log.info({ encrypted }, 'clean-up: secrets are encrypted under the newest key')
    latest.seconds = (clock.monotonic() - started) / 1000
    const isComplete = !isOver()
    if (isComplete) latest.succeededAt = clock.now() / 1000
    tell({ removed, isComplete })
    return { removed, isComplete }
  }

  async function removeAll (
    kind: Kind, isOver: () => boolean, signal: AbortSignal | undefined, note: (rows: number) => void
  ) {
    const age = agesOf(lifetimes, clock.offset)[kind]
    let limit = Math.min(firstBatchRows, batchSize)
    // The index still has an entry for every removed row, and a scan passes all of them: so the next batch begins
    // where this one ended.
    let from = new Date(0)

    while (!isOver()) {
      const before = clock.monotonic()
      const { removed, last } = await store.remove(kind, { from, age, limit })
      const took = clock.monotonic() - before

      note(removed)
      if (removed < limit) return
      from = last ?? from
      limit = took > quickBatchMs ? Math.ceil(limit / 2) : Math.min(limit * 2, batchSize)
      await pause(took * restPerWork, signal)
    }
  }

  function tell ({ removed, isComplete }: CleanUpResult) {
    const counts = Object.fromEntries(Object.entries(removed).filter(([, rows]) => rows > 0))
    const { seconds } = latest

    if (Object.keys(counts).length > 0) log.info({ removed: counts, seconds, isComplete }, 'clean-up')
    else log.debug({ seconds, isComplete }, 'clean-up: nothing to remove')
  }
}

/**
 * Milliseconds by which the time of a row must lie in the past, by the clock of Postgres. `offset` is how far our clock
 * is moved, for times that our clock wrote. An ended session is kept for REFRESH_TOKEN_TTL, because until then a
 * refresh token of it is answered with the reason of its end. A change of an epoch is kept until the last session that
 * it ended has expired. The days and the hour allow for clocks that differ and for requests under way.
 */
function agesOf (
  { registrationTtl, refreshTokenTtl, sessionTtl }: Parts['lifetimes'], offset: number
): Record<Kind, number> {
  return {
    registrations: registrationTtl - offset,
    one_time_tokens: hourMs - offset,
    known_devices: 365 * dayMs - offset,
    waiting_totp_secrets: hourMs - offset,
    spent_challenges: hourMs - offset,
    failed_jobs: 14 * dayMs,
    changes: dayMs,
    epoch_changes: Math.max(dayMs, sessionTtl),
    ended_sessions: Math.max(dayMs, refreshTokenTtl) - offset,
    expired_sessions: dayMs - offset
  }
}

/** What a gauge shows, if there is something to show yet. */
function known (value: number | undefined): number {
  if (value === undefined) throw new Error('there has been no clean-up yet')
  return value
}

async function sleep (milliseconds: number, signal?: AbortSignal) {
  await setTimeout(milliseconds, undefined, signal && { signal }).catch(() => {})
}
