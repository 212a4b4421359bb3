import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'

/** Who asks: a caller with a valid device token or session, or anybody. */
export type Lane = 'known' | 'stranger'

export type HashScheduler = ReturnType<typeof createHashScheduler>

export interface HashSchedulerOptions {
  /** Hashes that run at once: the cores this process may use. */
  concurrency: number
  /** Callers that may wait; strangers hold at most half of it, known ones three quarters. */
  queueMax: number
  /** Milliseconds a caller waits at most before a hash is begun. */
  deadline: number
  clock: Pick<Clock, 'monotonic'>
}

/** So many known callers in a row go before a stranger who waits: who has an account must not shut others out. */
const patience = 3

interface Waiting { begin: () => void, since: number }

/**
 * Runs costly work a few at a time, so that a storm of logins is answered with 503 instead of eating
 * the server (ASVS 5.0 15.2.2). Known callers go before strangers, three to one where both wait.
 */
export function createHashScheduler ({ concurrency, queueMax, deadline, clock }: HashSchedulerOptions) {
  const queues: Record<Lane, Set<Waiting>> = { known: new Set(), stranger: new Set() }
  const room: Record<Lane, number> = { known: Math.ceil(queueMax * 3 / 4), stranger: Math.floor(queueMax / 2) }
  let passed = 0
  const counts = { running: 0, done: 0, refused: 0, waitedMilliseconds: 0 }

  return { run, assertRoom, stats }

  /**
   * Runs the work when it is its turn and answers with its result.
   * @throws Refusal `overloaded` when the queue is full or the deadline passes; the work was not begun then
   */
  async function run<T> (lane: Lane, work: () => Promise<T>): Promise<T> {
    if (counts.running >= concurrency) await turn(lane)
    else counts.running++

    try {
      return await work()
    } finally {
      counts.done++
      passOn()
    }
  }

  /**
   * For whoever has other work to do before: throws `overloaded` if there is no room now, so that a
   * refusal costs nothing. `run` decides.
   */
  function assertRoom (lane: Lane) {
    if (counts.running >= concurrency && isFull(lane)) throw overloaded()
  }

  /**
   * For metrics: hashes running now and callers waiting now by lane; since the start, how many were
   * done and refused and how many milliseconds callers waited in all.
   */
  function stats () {
    return { ...counts, concurrency, queued: { known: queues.known.size, stranger: queues.stranger.size } }
  }

  function turn (lane: Lane) {
    if (isFull(lane)) throw overloaded()

    return new Promise<void>((resolve, reject) => {
      const waiting = { since: clock.monotonic(), begin }
      const timer = setTimeout(giveUp, deadline)
      queues[lane].add(waiting)

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
        queues[lane].delete(waiting)
        counts.waitedMilliseconds += clock.monotonic() - waiting.since
      }
    })
  }

  function isFull (lane: Lane) {
    return queues[lane].size >= room[lane] || queues.known.size + queues.stranger.size >= queueMax
  }

  /** The place of finished work goes to who waited longest, so `running` never drops in between. */
  function passOn () {
    const isStrangersTurn = queues.known.size === 0 || (passed >= patience && queues.stranger.size > 0)
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
