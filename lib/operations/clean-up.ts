import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { Metrics } from './metrics.ts'
import type { CleanUpStore, Kind } from './clean-up-store.ts'

/** Rows that went, by kind. */
export type RemovedRows = Record<Kind, number>

export interface CleanUpResult {
  removed: RemovedRows
  /** False if it was stopped or its time was up before all had gone. */
  isComplete: boolean
}

export interface CleanUpRun {
  /** Ends the run after the batch in hand. */
  signal?: AbortSignal
  /** Milliseconds after which the run ends with the batch in hand. */
  atMost?: number
  /** Hears after each batch how many rows of a kind have gone by then. */
  report?: (kind: Kind, removed: number) => void
}

interface Parts {
  store: CleanUpStore
  log: { info (fields: object, message: string): void, debug (fields: object, message: string): void }
  metrics: Metrics
  clock: Pick<Clock, 'now' | 'monotonic' | 'offset'>
  /** Rows of one batch at most. */
  batchSize: number
  /** Milliseconds. */
  lifetimes: { registrationTtl: number, refreshTokenTtl: number, sessionTtl: number }
  /** Waits for so many milliseconds, no longer than until the signal. */
  pause?: (milliseconds: number, signal?: AbortSignal) => Promise<unknown>
}

export type CleanUp = ReturnType<typeof createCleanUp>

const hour = 3_600_000
const day = 24 * hour

/** The many come last, so that the few need not wait for them. */
const kinds: readonly Kind[] = [
  'registrations', 'one_time_tokens', 'known_devices', 'failed_jobs', 'changes', 'epoch_changes', 'ended_sessions', 'expired_sessions'
]

const nothing: RemovedRows = {
  registrations: 0, one_time_tokens: 0, known_devices: 0, failed_jobs: 0, changes: 0, epoch_changes: 0, ended_sessions: 0, expired_sessions: 0
}

/** Each kind begins with so many rows at once and takes twice as many while that is quick. */
const firstBatch = 100
/** A batch that took longer (ms) is followed by one of half its size. */
const quick = 50
/** For each millisecond of work so many of rest: a tenth of one connection. */
const rest = 9

/**
 * Removes what has been over for so long that nobody can come back to it. In batches, each a short
 * statement by itself: what is locked is passed over, nobody waits for long, and a run that breaks off
 * has lost nothing. Two runs at once do no harm.
 */
export function createCleanUp ({ store, log, metrics, clock, batchSize, lifetimes, pause = sleep }: Parts) {
  const latest = { seconds: 0, succeededAt: 0 }

  metrics.gauge('latchkey_clean_up_duration_seconds', 'How long the last clean-up of this node took.', () => latest.seconds)
  metrics.gauge('latchkey_clean_up_success_timestamp_seconds', 'When this node last finished a clean-up, 0 if it never has.', () => latest.succeededAt)
  return { run }

  /** Removes all there is to remove, unless it is stopped before. Throws `unavailable`; what has gone by then stays gone. */
  async function run ({ signal, atMost = Infinity, report = () => {} }: CleanUpRun = {}): Promise<CleanUpResult> {
    const started = clock.monotonic()
    const removed = { ...nothing }
    const isOver = () => signal?.aborted === true || clock.monotonic() - started >= atMost

    for (const kind of kinds) {
      await removeAll(kind, isOver, signal, rows => {
        removed[kind] += rows
        if (rows > 0) metrics.increment('cleaned_up', { kind }, rows)
        report(kind, removed[kind])
      })
    }

    latest.seconds = (clock.monotonic() - started) / 1000
    const isComplete = !isOver()
    if (isComplete) latest.succeededAt = clock.now() / 1000
    tell({ removed, isComplete })
    return { removed, isComplete }
  }

  async function removeAll (kind: Kind, isOver: () => boolean, signal: AbortSignal | undefined, note: (rows: number) => void) {
    const age = agesOf(lifetimes, clock.offset)[kind]
    let limit = Math.min(firstBatch, batchSize)
    // Where a batch has been, the index still leads past every row that it removed: the next begins behind.
    let from = new Date(0)

    while (!isOver()) {
      const before = clock.monotonic()
      const { removed, last } = await store.remove(kind, { from, age, limit })
      const took = clock.monotonic() - before

      note(removed)
      if (removed < limit) return
      from = last ?? from
      limit = took > quick ? Math.ceil(limit / 2) : Math.min(limit * 2, batchSize)
      await pause(took * rest, signal)
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
 * How long ago (ms) each must have been over, by the clock of Postgres; `offset` is how far ours is moved,
 * where it wrote the time. A refresh token that was issued before its session ended is idle after
 * REFRESH_TOKEN_TTL, so until then the row tells the reason; a change of the epoch, until the last session
 * has expired that it ended. A day and an hour are for clocks that differ and for what is under way.
 */
function agesOf ({ registrationTtl, refreshTokenTtl, sessionTtl }: Parts['lifetimes'], offset: number): Record<Kind, number> {
  return {
    registrations: registrationTtl - offset,
    one_time_tokens: hour - offset,
    known_devices: 365 * day - offset,
    failed_jobs: 14 * day,
    changes: day,
    epoch_changes: Math.max(day, sessionTtl),
    ended_sessions: Math.max(day, refreshTokenTtl) - offset,
    expired_sessions: day - offset
  }
}

async function sleep (milliseconds: number, signal?: AbortSignal) {
  await setTimeout(milliseconds, undefined, signal && { signal }).catch(() => {})
}
