import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { unavailable } from '../errors.ts'

export interface FollowedOptions<T> {
  /** The name of the copied thing, in the plural, for messages: `the roles`. */
  name: string
  clock: Pick<Clock, 'monotonic'>
  /** The value of `current` before the first read. Without it, `current` throws until then. */
  initial?: T | null
  /** After a change that could not be read for this long (ms), `current` throws. */
  distrustAfterMs?: number
  /** The pause (ms) between a read by `follow` that failed and the next one. */
  retryAfterMs?: number
  /** Called with the first error of each series of failed reads by `follow`. */
  warn?: (error: unknown) => void
}

/**
 * A copy, in this node's memory, of something small in a store that every node must know. It is read again when the
 * change feed reports a change, and no longer trusted when that read does not succeed in time. `follow` and `reload`
 * report a change; `read` merely reads.
 *
 * `follow` runs one read at a time, however often it is called, and waits `retryAfterMs` after each failure. All times
 * are read from the monotonic clock.
 */
export function createFollowed<T> (readStore: () => Promise<T>, {
  name, clock, initial = null, distrustAfterMs = 3000, retryAfterMs = 200, warn = () => {}
}: FollowedOptions<T>) {
  let held: T | null = initial
  /** Reads are numbered in the order in which they begin; 0 is none. */
  let lastBegun = 0
  let heldFrom = 0
  /** The first read that began after the last reported change. */
  let needed = 0
  let outdatedSince: number | null = null
  let isCatchingUp = false
  let isStopped = false

  return {
    read,
    reload,
    follow,
    stop,
    /** The value that was read last, trusted or not; null before the first read. */
    get held () { return held },
    /** Whether a change was reported that has not been read since. */
    get isOutdated () { return outdatedSince !== null },
    /**
     * The value that was read last.
     * @throws Refusal `unavailable` before the first read, and when a change happened `distrustAfterMs` ago or earlier,
     * or may have, and has not been read since
     */
    get current (): T {
      if (held === null) throw unavailable(new Error(`${name} have not been read yet`))
      if (outdatedSince !== null && clock.monotonic() - outdatedSince >= distrustAfterMs) {
        throw unavailable(new Error(`${name} have changed and cannot be read`))
      }
      return held
    }
  }

  /**
   * Reads now. Returns the answer of this read, or that of a read which began later and answered sooner.
   * Throws the error of the store; such an error alone does not make the copy outdated.
   */
  async function read (): Promise<T> {
    const [number, sentAt] = [++lastBegun, clock.monotonic()]
    const answer = await readStore()
    if (held !== null && number < heldFrom) return held

    held = answer
    heldFrom = number
    if (number >= needed) outdatedSince = null
    // A change was reported while this read was under way. Only that change may still be missing.
    else if (outdatedSince !== null) outdatedSince = Math.max(outdatedSince, sentAt)
    return held
  }

  /** Reports a change and reads it. On an error of the store it throws that error and retries in the background. */
  async function reload (): Promise<T> {
    reportChange(clock.monotonic())
    try {
      return await read()
    } catch (error) {
      catchUp()
      throw error
    }
  }

  /**
   * Reports a change and reads it in the background, again and again until a read succeeds. Never throws.
   * @param since when the change may have happened at the earliest (monotonic, ms); now by default
   */
  function follow (since: number = clock.monotonic()) {
    reportChange(since)
    catchUp()
  }

  /** Ends the reading in the background. The copy stays. */
  function stop () {
    isStopped = true
  }

  function reportChange (since: number) {
    needed = lastBegun + 1
    outdatedSince ??= since
  }

  // Never rejects.
  async function catchUp () {
    if (isCatchingUp) return
    isCatchingUp = true
    let failures = 0

    while (mustRead()) {
      try {
        await read()
        failures = 0
      } catch (error) {
        if (++failures === 1) warn(error)
        await pause(retryAfterMs, undefined, { ref: false })
      }
    }
    isCatchingUp = false
  }

  function mustRead () {
    return outdatedSince !== null && !isStopped
  }
}
