import type { JobStore } from './job-store.ts'
import type { ListedJob, QueueStore } from './queue-store.ts'
import { batchSize, waitForRoom } from './room.ts'
import type { Waiting } from './room.ts'

export type { ListedJob } from './queue-store.ts'

export interface RetryOptions extends Pick<Waiting, 'pause'> {
  /** Called after each batch and while it waits for jobs to be done. */
  report: (progress: { retried: number, isWaiting: boolean }) => void
}

/** A mail that is due later than this (ms) is in no node's hands: leases of its queue are shorter. Others come soon. */
const lateMs = 120_000

export type QueueRepair = ReturnType<typeof createQueueRepair>

/** What an operator sees of a queue, and mends in it. */
export function createQueueRepair (store: QueueStore, jobs: Pick<JobStore, 'countDue' | 'countLeft'>) {
  return { list, retry, retryAll }

  /** The newest jobs, at most `limit`, and whether there are more. */
  async function list (
    queue: string, { onlyFailed, limit }: { onlyFailed: boolean, limit: number }
  ): Promise<{ jobs: ListedJob[], hasMore: boolean }> {
    const found = await store.list(queue, { onlyFailed, limit: limit + 1 })
    return { jobs: found.slice(0, limit), hasMore: found.length > limit }
  }

  /**
   * Begins a job again, as if it had never been tried, that has failed for good or waits for a late attempt. Returns
   * false if it is none of these or is gone.
   */
  async function retry (queue: string, id: number): Promise<boolean> {
    return await store.retry(queue, id, lateMs)
  }

  /**
   * Begins all jobs again that have failed for good until now or wait for a late attempt, the oldest first, and no
   * faster than they are done: other jobs do not wait behind them. One that fails again meanwhile is not begun twice.
   * Returns how many there were.
   * @throws Error if none has been done for ten minutes
   */
  async function retryAll (queue: string, { report, pause }: RetryOptions): Promise<number> {
    const before = await store.now()
    let retried = 0
    for (let last: number[] = []; ;) {
      const onWait = () => report({ retried, isWaiting: true })
      await waitForRoom(() => lookForRoom(queue, last), { pause, onWait, stalled })

      const begun = await store.retryNext(queue, { before, after: last.at(-1) ?? 0, lateMs, limit: batchSize })
      retried += begun.length
      report({ retried, isWaiting: false })
      if (begun.length < batchSize) return retried
      last = begun
    }
  }

  // Of the last batch one at least must be done, or have failed for good: what keeps it would keep the next as well.
  async function lookForRoom (queue: string, last: number[]): Promise<{ hasRoom: boolean, left: number }> {
    const due = await jobs.countDue(queue, lateMs)
    const { waiting } = await jobs.countLeft(last)
    return { hasRoom: due < batchSize && (last.length === 0 || waiting < last.length), left: due + waiting }
  }
}

const stalled = 'None of them has been sent for ten minutes: does a node run, does the mail server answer? What was ' +
  'begun again is sent once they do. Run the same command again to go on.'
