import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import { createFairQueue } from '../fair-queue.ts'

/** `known` is a caller with a valid device token or session, `stranger` any other one. */
export type Priority = 'known' | 'stranger'

/** Whose turn a hash takes: within a priority, flows are served round-robin. */
export interface HashTurn {
  priority: Priority
  /** The id of the user who is known, or the network of a stranger. */
  flow: string
}

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

interface Waiting { begin: () => void, giveUp: () => void, since: number }

/**
 * Runs costly work, a few pieces at a time, so that a storm of logins is answered with 503 instead of taking all of the
 * server (ASVS 5.0 15.2.2). Known callers go before strangers, three to one where both wait. Neither an account nor a
 * network can take the places of its priority for itself: each has a fair queue, and when that is full, the flow that
 * has most callers in it makes room.
 */
export function createHashScheduler ({ concurrency, queueMax, deadlineMs, clock }: HashSchedulerOptions) {
  const queues = { known: createFairQueue<Waiting>(), stranger: createFairQueue<Waiting>() }
  const room: Record<Priority, number> = { known: Math.ceil(queueMax * 3 / 4), stranger: Math.floor(queueMax / 2) }
  let passed = 0
  const counts = { running: 0, done: 0, refused: 0, waitedMilliseconds: 0 }

  return { run, assertRoom, stats }

  /**
   * Runs the work at its turn and returns its result.
   * @throws Refusal `overloaded` if the queue is full, the deadline passes, or the place is needed for another flow;
   * the work was not begun then
   */
  async function run<T> (turn: HashTurn, work: () => Promise<T>): Promise<T> {
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
  function assertRoom ({ priority, flow }: HashTurn) {
    if (counts.running < concurrency || !isFull(priority)) return
    if (!queues[priority].displaceable(flow)) throw overloaded()
  }

  /**
   * For metrics: hashes that run now, and callers that wait now by priority; since the start, how many were done and
   * refused, and how many milliseconds callers waited in total.
   */
  function stats () {
    return { ...counts, concurrency, queued: { known: queues.known.size, stranger: queues.stranger.size } }
  }

  function waitForTurn ({ priority, flow }: HashTurn) {
    if (isFull(priority)) {
      const displaced = queues[priority].displaceable(flow)
      if (!displaced) throw overloaded()
      displaced.giveUp()
    }

    return new Promise<void>((resolve, reject) => {
      const waiting = { since: clock.monotonic(), begin, giveUp }
      const timer = setTimeout(giveUp, deadlineMs)
      queues[priority].add(flow, waiting)

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
        queues[priority].remove(flow, waiting)
        counts.waitedMilliseconds += clock.monotonic() - waiting.since
      }
    })
  }

  function isFull (priority: Priority) {
    return queues[priority].size >= room[priority] || queues.known.size + queues.stranger.size >= queueMax
  }

  /** Gives the place of finished work to the caller whose turn it is, so that `running` never drops in between. */
  function passOn () {
    const isStrangersTurn = queues.known.size === 0 || (passed >= knownPerStranger && queues.stranger.size > 0)
    const next = queues[isStrangersTurn ? 'stranger' : 'known'].next()
    passed = isStrangersTurn ? 0 : passed + 1

    if (next === undefined) counts.running--
    else next.begin()
  }

  function overloaded () {
    counts.refused++
    return new Refusal('overloaded', { retryAfter: 1 })
  }
}
