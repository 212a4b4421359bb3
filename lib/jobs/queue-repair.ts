import type { ListedJob, QueueStore } from './queue-store.ts'

export type { ListedJob } from './queue-store.ts'

export type QueueRepair = ReturnType<typeof createQueueRepair>

/** How many jobs one statement begins again. */
const batchSize = 1000

/** What an operator sees of a queue, and mends in it. */
export function createQueueRepair (store: QueueStore) {
  return { list, retry, retryAll }

  /** The newest jobs, at most `limit`, and whether there are more. */
  async function list (
    queue: string, { onlyFailed, limit }: { onlyFailed: boolean, limit: number }
  ): Promise<{ jobs: ListedJob[], hasMore: boolean }> {
    const found = await store.list(queue, { onlyFailed, limit: limit + 1 })
    return { jobs: found.slice(0, limit), hasMore: found.length > limit }
  }

  /** Begins a failed job again, as if it had never been tried. Returns false if it has not failed or is gone. */
  async function retry (queue: string, id: number): Promise<boolean> {
    return await store.retry(queue, id)
  }

  /**
   * Begins all jobs again that have failed until now; one that fails again meanwhile is not begun twice. Returns how
   * many there were.
   */
  async function retryAll (queue: string, report: (retried: number) => void): Promise<number> {
    const before = await store.now()
    let retried = 0
    for (let batch = batchSize; batch === batchSize;) {
      batch = await store.retryFailed(queue, { before, limit: batchSize })
      retried += batch
      report(retried)
    }
    return retried
  }
}
