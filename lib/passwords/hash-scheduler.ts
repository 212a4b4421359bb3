import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import { createPriorityQueue } from '../queues/priority-queue.ts'
import type { Turn } from '../queues/priority-queue.ts'

export type { Priority, Turn as HashTurn } from '../queues/priority-queue.ts'

export type HashScheduler = ReturnType<typeof createHashScheduler>

export interface HashSchedulerOptions {
  /** The most hashes that run at once: the cores that this process may use. */
  concurrency: number
  /** The most callers that may wait: see `createPriorityQueue`. */
  queueMax: number
  /** How long a caller waits at most for its hash to begin. */
  deadlineMs: number
  clock: Pick<Clock, 'monotonic'>
}

interface Waiting { begin: () => void, giveUp: () => void, since: number }

/**
 * Runs costly work, a few pieces at a time, so that a storm of logins is answered with 503 instead of taking all of the
 * server (ASVS 5.0 15.2.2). Known callers go before strangers. When the queue of a priority is full, the flow that has
 * most callers in it makes room.
 */
export function createHashScheduler ({ concurrency, queueMax, deadlineMs, clock }: HashSchedulerOptions) {
  const queue = createPriorityQueue<Waiting>(queueMax)
  const counts = { running: 0, done: 0, refused: 0, waitedMilliseconds: 0 }

  return { run, assertRoom, stats }

  /**
   * Runs the work at its turn and returns its result.
   * @throws Refusal `overloaded` if the queue is full, the deadline passes, or the place is needed for another flow;
   * the work was not begun then
   */
  async function run<T> (turn: Turn, work: () => Promise<T>): Promise<T> {
    if (counts.running >= concurrency) await waitForTurn(turn)
    else counts.running++

    try {
      return await work()
    } finally {
      counts.done++
      passOn()
    }
  }

  /**
   * To be called before other work that precedes `run`, so that a refusal costs nothing. `run` still decides.
   * @throws Refusal `overloaded` if there is no room now
   */
  function assertRoom (turn: Turn) {
    if (counts.running < concurrency || !queue.isFull(turn.priority)) return
    if (!queue.displaceable(turn)) throw overloaded()
  }

  /**
   * For metrics: hashes that run now, and callers that wait now by priority; since the start, how many were done and
   * refused, and how many milliseconds callers waited in total.
   */
  function stats () {
    return { ...counts, concurrency, queued: queue.sizes }
  }

  function waitForTurn (turn: Turn) {
    if (queue.isFull(turn.priority)) {
      const displaced = queue.displaceable(turn)
      if (!displaced) throw overloaded()
      displaced.giveUp()
    }

    return new Promise<void>((resolve, reject) => {
      const waiting = { since: clock.monotonic(), begin, giveUp }
      const timer = setTimeout(giveUp, deadlineMs)
      queue.add(turn, waiting)

      function begin () {
        leave()
        resolve()
      }

      function giveUp () {
        leave()
        reject(overloaded())
      }

      function leave () {
        clearTimeout(timer)
        queue.remove(turn, waiting)
        counts.waitedMilliseconds += clock.monotonic() - waiting.since
      }
    })
  }

  /** Gives the place of finished work to the caller whose turn it is, so that `running` never drops in between. */
  function passOn () {
    const next = queue.next()
    if (next === undefined) counts.running--
    else next.begin()
  }

  function overloaded () {
    counts.refused++
    return new Refusal('overloaded', { retryAfter: 1 })
  }
}
