import { unavailable } from './errors.ts'
import type { Clock } from './clock.ts'
import type { Change, ChangeStore, Tail } from './stores/changes.ts'

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
 * Follows the table of changes and hands each one to `apply`, at least once and in no promised order.
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
  let cursor: string | null = null
  let seen = new Set<number>()
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

      for (const change of tail.changes) if (!seen.has(change.seq)) apply(change)
      seen = new Set(tail.changes.map(({ seq }) => seq))
      cursor = tail.next
      readAt = sentAt
      skew = clock.now() - clock.offset - (clock.monotonic() - sentAt) / 2 - tail.time
    } while (again)
  }

  // A number that goes back is a failover to a server that lacks the last transactions, and a node
  // that was away for long may have missed rows that are gone: both start over.
  async function readTail (): Promise<Tail> {
    if (!cursor || clock.monotonic() - readAt > horizon / 2) return store.recent(horizon)

    const tail = await store.since(cursor)
    return BigInt(tail.next) < BigInt(cursor) ? store.recent(horizon) : tail
  }
}
