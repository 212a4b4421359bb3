import { setImmediate as nextTurn } from 'node:timers/promises'
import { unavailable } from '../errors.ts'
import { clockSkewMaxMs, elapsedSince, momentOf } from '../clock.ts'
import { accessTokenTtlMaxMs } from '../config/lifetimes.ts'
import type { Clock, Moment } from '../clock.ts'
import type { Change } from './change.ts'
import type { ChangeStore, Cursor, Tail } from './change-store.ts'
import { partsOf } from './parts.ts'

/** A read of the feed that has succeeded, after its changes were applied. */
export interface FeedRead {
  changes: Change[]
  cursor: Cursor
  /** Whether the read started over: then the changes are the newest ones of each kind and subject, not all. */
  isRestart: boolean
  /** When the read was sent, by this node's monotonic clock and by its wall clock (ms). */
  sentAt: number
  time: number
}

export type ChangeFeed = ReturnType<typeof createChangeFeed>

/** How often (ms) each node reads the changes of the others, with or without a wake-up. */
const readIntervalMs = 500
/** After this time (ms) without a read a node may not know what has ended, and refuses. */
const staleAfterMs = 3000
/** How far back (ms) a start reads: the longest allowed lifetime of an access token, and time to spare. */
const lookBackMs = accessTokenTtlMaxMs + 20 * 60_000

/**
 * Follows the table of changes and passes each change to `apply`. Within one read, changes come in the order of their
 * numbers, or of their times after a start. Each comes once while the same Postgres server answers, and again after a
 * start. Only the table counts: wake-ups from other nodes merely make the next read come sooner. The changes of a read
 * are applied in parts, in turns of the event loop. The read counts once all of them are applied.
 *
 * `startOver` is called before the changes of a read that has started over, except for the first read, and `settle`
 * after them: Postgres may have lost some of those that were applied before. What this node has committed since the
 * read was sent is applied again, because the read may not have seen it.
 */
export function createChangeFeed ({ store, clock, apply, startOver, settle, wake, warn, onRead = () => {} }: {
  store: Pick<ChangeStore, 'since' | 'recent'>
  clock: Clock
  apply: (change: Change) => void
  startOver: () => void
  settle: () => void
  /** Wakes the other nodes, so that they read the table. */
  wake: () => Promise<unknown>
  warn: (error: unknown) => void
  /** Is called with every read. The next one begins after its promise, and has the same changes again if it rejects. */
  onRead?: (read: FeedRead) => void | Promise<void>
}) {
  let cursor: Cursor | null = null
  let readAt: Moment | null = null
  let skewMs = 0
  let reading: Promise<void> | null = null
  let again = false
  let isStopped = false
  /** What this node has published since the read that is under way was sent. */
  let published: Change[] = []
  let timer: NodeJS.Timeout | undefined

  return { start, stop, read, publish, assertFresh, isFresh, ageMs, clockSkewMs }

  /** Reads once, so that this node knows what has ended before its first answer, then keeps reading. */
  async function start () {
    await read()
    if (isStopped) return
    timer = setInterval(() => { read().catch(warn) }, readIntervalMs)
  }

  /** Ends the reading: a read that is under way counts no more. Resolves once nothing more is asked or applied. */
  async function stop () {
    isStopped = true
    again = false
    clearInterval(timer)
    await reading?.catch(() => {})
  }

  /** Applies committed changes on this node at once, before the request is answered, and wakes the other nodes. */
  function publish (changes: Change[]) {
    for (const change of changes) apply(change)
    if (reading) published.push(...changes)
    if (changes.length) wake().catch(warn)
  }

  /**
   * Call it before trusting a token.
   * @throws Refusal `unavailable` while this node may not know everything that has ended
   */
  function assertFresh () {
    if (!isFresh()) throw unavailable(new Error('the change feed is stale'))
  }

  function isFresh () {
    return ageMs() < staleAfterMs && Math.abs(skewMs) <= clockSkewMaxMs
  }

  /** Milliseconds since the last read; `Infinity` before the first. */
  function ageMs () {
    return readAt ? elapsedSince(readAt, clock) : Infinity
  }

  /** By how many milliseconds this node's clock was ahead of that of Postgres at the last read. */
  function clockSkewMs () {
    return skewMs
  }

  /** Reads the new changes. A call while a read is under way makes another read begin after it, and waits for both. */
  function read (): Promise<void> {
    again = reading !== null && !isStopped
    reading ??= readUntilCurrent()
    return reading
  }

  // The end is noted at once: a call that came after the last look at `again` would otherwise be lost.
  async function readUntilCurrent () {
    try {
      do {
        again = false
        await readOnce()
      } while (again)
    } finally {
      reading = null
    }
  }

  async function readOnce () {
    published = []
    const [sentAt, time] = [momentOf(clock), clock.now()]
    const { isRestart, ...tail } = await readTail()
    const answeredSkewMs = clock.now() - clock.offset - (clock.monotonic() - sentAt.monotonic) / 2 - tail.time
    const isStartOver = isRestart && cursor !== null

    if (isStartOver) {
      startOver()
      for (const change of published) apply(change)
    }
    await applyInTurns(tail.changes)
    if (isStopped) return
    if (isStartOver) settle()
    readAt = sentAt
    skewMs = answeredSkewMs
    await onRead({ changes: tail.changes, cursor: tail.next, isRestart, sentAt: sentAt.monotonic, time })
    cursor = tail.next
  }

  // What this node commits meanwhile is applied between two parts. No older row can undo it: whichever comes first, of
  // two versions or raises of one subject the higher one counts.
  async function applyInTurns (changes: Change[]) {
    let isFirst = true
    for (const part of partsOf(changes)) {
      if (!isFirst) await nextTurn()
      if (isStopped) return
      isFirst = false
      for (const change of part) apply(change)
    }
  }

  // Another server, or a restarted one, may lack the last transactions of the one before. A node that has not read for
  // long may have missed rows that have been deleted since. Both start over.
  async function readTail (): Promise<Tail & { isRestart: boolean }> {
    const tail = cursor && ageMs() <= lookBackMs / 2 ? await store.since(cursor) : null
    return tail ? { ...tail, isRestart: false } : { ...await store.recent(lookBackMs), isRestart: true }
  }
}
