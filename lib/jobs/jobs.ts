import { attemptsMaxOf } from './attempts.ts'
import { createWorker, firstLookMs } from './worker.ts'
import type { JobHandler, JobParts, WorkOptions } from './worker.ts'
import type { Transaction } from '../stores/database.ts'

export type Jobs = ReturnType<typeof createJobs>

/**
 * Work that outlives its request. A job is a row that is written in the transaction that needs it: so it exists
 * exactly if its cause does, and survives the crash of any node, because a node that takes it only holds a lease.
 * After its last attempt (attempts_max, with growing pauses between them), or a permanent failure, a job stays as
 * failed. A job may run twice, but never not at all.
 */
export function createJobs (parts: JobParts) {
  const { store } = parts
  const workers = new Map<string, ReturnType<typeof createWorker>>()
  let lastLook: Promise<unknown> = Promise.resolve()

  const { counts, countDue, countLeft } = store
  return { send, sendAll, work, wake, stop, queues, counts, countDue, countLeft }

  /** Writes a job in a transaction, by one statement. This node looks for it shortly after. */
  async function send (tx: Transaction, queue: string, data: object): Promise<void> {
    await store.add(tx, queue, data, attemptsMaxOf(queue))
    workers.get(queue)?.look(firstLookMs)
  }

  /** Writes many jobs in a transaction, by one statement. Returns their ids. */
  async function sendAll (tx: Transaction, queue: string, data: object[]): Promise<number[]> {
    const ids = await store.addAll(tx, queue, data, attemptsMaxOf(queue))
    workers.get(queue)?.look(firstLookMs)
    return ids
  }

  /**
   * Lets this node do the jobs of a queue from now until `stop`.
   * @throws TypeError if the queue has a worker here already
   */
  function work (queue: string, handler: JobHandler, options: WorkOptions = {}): void {
    if (workers.has(queue)) throw new TypeError(`queue ${queue} has a worker already`)
    for (const outcome of ['done', 'failed']) parts.metrics.increment('jobs', { name: queue, outcome }, 0)
    workers.set(queue, createWorker(parts, inTurn, queue, handler, options))
  }

  // The queues of a node are looked into at the same moments. All at once, that would keep a connection open for each.
  function inTurn<T> (look: () => Promise<T>): Promise<T> {
    const done = lastLook.then(look)
    lastLook = done.catch(() => {})
    return done
  }

  /** The queues whose jobs this node does. */
  function queues (): string[] {
    return [...workers.keys()]
  }

  /** Lets this node look for due jobs of a queue now. */
  function wake (queue: string): void {
    workers.get(queue)?.look(0)
  }

  /**
   * Takes no more jobs and waits up to `timeoutMs` for those that are being done. A job that is not done by then is
   * done again, by another node, when its lease ends.
   */
  async function stop (timeoutMs: number): Promise<void> {
    await Promise.all(Array.from(workers.values(), worker => worker.stop(timeoutMs)))
  }
}
