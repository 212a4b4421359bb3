import { unavailable } from '../errors.ts'
import type { Clock } from '../clock.ts'
import type { Change, ChangeStore, Cursor, Tail } from './change-store.ts'

export type ChangeFeed = ReturnType<typeof createChangeFeed>

/** Twice a second each node reads what the others have written, wake-up or not. */
const interval = 500
/** A node that has not read for so long (ms) does not know what has ended and says so. */
const staleAfter = 3000
/** Further off Postgres' clock than this (ms) a node cannot judge expiry. */
const skewAllowed = 15_000
/** A start reads so far back (ms): the longest allowed access token and time to spare. */
const horizon = 80 * 60_000

/**
 * Follows the table of changes and hands each one to `apply`, in the order of their numbers within a read,
 * once while one server answers and again after a start.
 * The table is what is applied; wake-ups from other nodes only make the next read come sooner.
 */
export function createChangeFeed ({ store, clock, apply, wake, warn }: {
  store: Pick<ChangeStore, 'since' | 'recent'>
  clock: Clock
  apply: (change: Change) => void
  /** Tells the other nodes that there is something to read. */
  wake: () => Promise<unknown>
  warn: (error: unknown) => void
}) {
  let cursor: Cursor | null = null
  let readAt = -Infinity
  let skew = 0
  let reading: Promise<void> | null = null
  let again = false
  let timer: NodeJS.Timeout | undefined

  return { start, stop, read, publish, assertFresh, isFresh }

  /** Reads once, so that the first answer knows what has ended, then goes on by itself. */
  async function start () {
    await read()
    timer = setInterval(() => { read().catch(warn) }, interval)
  }

  async function stop () {
    clearInterval(timer)
    await reading?.catch(() => {})
  }

  /** Applies committed changes here, before their cause is answered, and wakes the other nodes. */
  function publish (changes: Change[]) {
    for (const change of changes) apply(change)
    if (changes.length) wake().catch(warn)
  }

  /** Throws `unavailable` while this node may not know of something that has ended. */
  function assertFresh () {
    if (!isFresh()) throw unavailable(new Error('the change feed is stale'))
  }

  function isFresh () {
    return clock.monotonic() - readAt < staleAfter && Math.abs(skew) <= skewAllowed
  }

  /** Reads the tail. Who asks while a read is under way gets one that begins after it. */
  function read (): Promise<void> {
    if (reading) {
      again = true
      return reading
    }
    reading = readOnce().finally(() => { reading = null })
    return reading
  }

  async function readOnce () {
    do {
      again = false
      const sentAt = clock.monotonic()
      const tail = await readTail()

      for (const change of tail.changes) apply(change)
      cursor = tail.next
      readAt = sentAt
      skew = clock.now() - clock.offset - (clock.monotonic() - sentAt) / 2 - tail.time
    } while (again)
  }

  // Another server, or a restarted one, may lack the last transactions of the one before, and a node that
  // was away for long may have missed rows that are gone: both start over.
  async function readTail (): Promise<Tail> {
    const isRecent = clock.monotonic() - readAt <= horizon / 2
    const tail = cursor && isRecent ? await store.since(cursor) : null
    return tail ?? await store.recent(horizon)
  }
}
