import { createHash } from 'node:crypto'

/** Milliseconds of the longest turn, and of a fixed piece of work that was timed in the same way. */
export interface Turns { longest: number, fixed: number }

const fixedBytes = Buffer.alloc(1024 * 1024, 'latchkey')

/**
 * Measures for how long a turn of the event loop holds the main thread. A turn takes no more processor time than the
 * whole process and no longer than the clock says, so the smaller of both counts: threads of the process raise the
 * first, other processes the second.
 */
export function createTurnWatch () {
  let longest = 0
  let isWatching = false

  return { begin, end }

  function begin () {
    longest = 0
    isWatching = true
    setImmediate(watch, now())
  }

  /** Ends the watch. */
  function end (): Turns {
    isWatching = false
    return { longest, fixed: timeFixedWork() }
  }

  // Each turn ends with its immediates, and this one asks for the next.
  function watch (before: Moment) {
    const after = now()
    longest = Math.max(longest, between(before, after))
    if (isWatching) setImmediate(watch, after)
  }
}

interface Moment { clock: number, processor: number }

function now (): Moment {
  const { user, system } = process.cpuUsage()
  return { clock: performance.now(), processor: (user + system) / 1000 }
}

function between (before: Moment, after: Moment) {
  return Math.min(after.clock - before.clock, after.processor - before.processor)
}

function timeFixedWork () {
  const before = now()
  createHash('sha256').update(fixedBytes).digest()
  return between(before, now())
}
