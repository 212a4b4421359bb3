import { createHash } from 'node:crypto'
import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'

/**
 * Milliseconds of the longest turn, of the longest one without V8's collector, and of a fixed piece of work that was
 * timed in the same way.
 */
export interface Turns { longest: number, ownLongest: number, fixed: number }

/** A turn, or a collection: when it began and how long it took, in milliseconds. */
interface Span { startTime: number, duration: number }

const fixedBytes = Buffer.alloc(1024 * 1024, 'latchkey')
/** Shorter turns are forgotten at once. */
const turnMinMs = 0.5

/**
 * Measures for how long a turn of the event loop holds the main thread. A turn takes no more processor time than the
 * whole process and no longer than the clock says, so the smaller of both counts: threads of the process raise the
 * first, other processes the second. V8 collects when enough has been allocated, so a request that allocates little
 * is held up now and then by what others have left, and one that allocates much is held up each time.
 */
export function createTurnWatch () {
  const collector = new PerformanceObserver(list => { collections.push(...list.getEntries()) })
  let collections: Span[] = []
  let turns: Span[] = []
  let isWatching = false

  return { begin, end }

  function begin () {
    turns = []
    collections = []
    isWatching = true
    collector.observe({ entryTypes: ['gc'] })
    setImmediate(watch, now())
  }

  /** Ends the watch. */
  async function end (): Promise<Turns> {
    isWatching = false
    // Node tells of a collection in the turn that follows it.
    await nextTurn()
    collections.push(...collector.takeRecords())
    collector.disconnect()
    return {
      longest: Math.max(0, ...turns.map(({ duration }) => duration)),
      ownLongest: Math.max(0, ...turns.map(turn => turn.duration - overlap(turn, collections))),
      fixed: timeFixedWork()
    }
  }

  // Each turn ends with its immediates, and this one asks for the next.
  function watch (before: Moment) {
    const after = now()
    const duration = between(before, after)
    if (duration > turnMinMs) turns.push({ startTime: before.clock, duration })
    if (isWatching) setImmediate(watch, after)
  }
}

/** Milliseconds of a turn in which V8 has collected. */
function overlap (turn: Span, collections: Span[]) {
  return collections
    .map(({ startTime, duration }) => {
      const end = Math.min(startTime + duration, turn.startTime + turn.duration)
      return Math.max(0, end - Math.max(startTime, turn.startTime))
    })
    .reduce((sum, time) => sum + time, 0)
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
