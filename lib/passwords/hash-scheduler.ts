import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'

/** `known` is a caller with a valid device token or session, `stranger` any other one. */
export type Priority = 'known' | 'stranger'

export type HashScheduler = ReturnType<typeof createHashScheduler>

export interface HashSchedulerOptions {
  /** The most hashes that run at once: the cores that this process may use. */
  concurrency: number
  /** The most callers that may wait. Strangers may take half of these places, known callers three quarters. */
  queueMax: number
  /** How long a caller waits at most for its hash to begin. */
  deadlineMs: number
  clock: Pick<Clock, 'monotonic'>
}

/** After three known callers a waiting stranger gets a turn, so account holders cannot starve newcomers. */
const knownPerStranger = 3

interface Waiting { begin: () => void, since: number }

/**
 * Runs costly work, a few pieces at a time, so that a storm of logins is answered with 503 instead of taking all of the
 * server (ASVS 5.0 15.2.2). Known callers go before strangers, three to one where both wait.
 */
export function createHashScheduler ({ concurrency, queueMax, deadlineMs, clock }: HashSchedulerOptions) {
  const queues: Record<Priority, Set<Waiting>> = { known: new Set(), stranger: new Set() }
  const room: Record<Priority, number> = { known: Math.ceil(queueMax * 3 / 4), stranger: Math.floor(queueMax / 2) }
  let passed = 0
  const counts = { running: 0, done: 0, refused: 0, waitedMilliseconds: 0 }

  return { run, assertRoom, stats }

  /**
   * Runs the work at its turn and returns its result.
   * @throws Refusal `overloaded` if the queue is full or the deadline passes; the work was not begun then
   */
  async function run<T> (priority: Priority, work: () => Promise<T>): Promise<T> {
    if (counts.running >= concurrency) await waitForTurn(priority)
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
  function assertRoom (priority: Priority) {
    if (counts.running >= concurrency && isFull(priority)) throw overloaded()
  }

  /**
   * For metrics: hashes that run now, and callers that wait now by priority; since the start, how many were done and
   * refused, and how many milliseconds callers waited in total.
   */
  function stats () {
    return { ...counts, concurrency, queued: { known: queues.known.size, stranger: queues.stranger.size } }
  }

  function waitForTurn (priority: Priority) {
    if (isFull(priority)) throw overloaded()

    return new Promise<void>((resolve, reject) => {
      const waiting = { since: clock.monotonic(), begin }
      const timer = setTimeout(giveUp, deadlineMs)
      queues[priority].add(waiting)

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
        queues[priority].delete(waiting)
        counts.waitedMilliseconds += clock.monotonic() - waiting.since
      }
    })
  }

  function isFull (priority: Priority) {
    return queues[priority].size >= room[priority] || queues.known.size + queues.stranger.size >= queueMax
  }

  /** Gives the place of finished work to the caller that waited longest, so that `running` never drops in between. */
  function passOn () {
    const isStrangersTurn = queues.known.size === 0 || (passed >= knownPerStranger && queues.stranger.size > 0)
    const [next] = isStrangersTurn ? queues.stranger : queues.known
    passed = isStrangersTurn ? 0 : passed + 1

    if (next === undefined) counts.running--
    else next.begin()
  }

  function overloaded () {
    counts.refused++
    return new Refusal('overloaded', { retryAfter: 1 })
  }
}
