import type { Database } from '../stores/database.ts'

/** A job as an operator sees it: nothing that names a person. */
export interface ListedJob {
  id: number
  /** What it is about, for a mail its kind; null if it does not say. */
  kind: string | null
  attempts: number
  attemptsMax: number
  createdAt: Date
  dueAt: Date
  /** When it failed for good; null for a job that waits or is being done. */
  failedAt: Date | null
  /** Why the last attempt failed, if one has. */
  error: string | null
}

export type QueueStore = ReturnType<typeof createQueueStore>

/** What an operator sees of a queue, and mends in it. */
export function createQueueStore (db: Database) {
  return { list, retry, retryFailed, now }

  /** The newest jobs of a queue, at most `limit`: all of them, or those that have failed for good. */
  async function list (queue: string, { onlyFailed, limit }: { onlyFailed: boolean, limit: number }) {
    return await db<ListedJob>`
      select id, data ->> 'kind' as kind, attempts, attempts_max, created_at, due_at, failed_at, error
      from jobs
      where queue = ${queue}
        and (failed_at is not null or not ${onlyFailed}::boolean)
      order by id desc
      limit ${limit}`
  }

  /** Begins a failed job again, as if it had never been tried. Returns false if it has not failed or is gone. */
  async function retry (queue: string, id: number): Promise<boolean> {
    const begun = await db`
      update jobs
      set attempts = 0, failed_at = null, due_at = now()
      where id = ${id}
        and queue = ${queue}
        and failed_at is not null
      returning id`
    return begun.length === 1
  }

  /**
   * Begins up to `limit` jobs again that failed before a moment, the first ones first. Returns how many; fewer than
   * `limit` if no more are left.
   */
  async function retryFailed (queue: string, { before, limit }: { before: Date, limit: number }): Promise<number> {
    const begun = await db`
      with chosen as materialized (
        select id
        from jobs
        where queue = ${queue}
          and failed_at < ${before}
        order by failed_at
        limit ${limit}
        for update skip locked
      )
      update jobs
      set attempts = 0, failed_at = null, due_at = now()
      from chosen
      where jobs.id = chosen.id
      returning jobs.id`
    return begun.length
  }

  /** The time of Postgres, by which jobs are due and fail. */
  async function now (): Promise<Date> {
    const [row] = await db<{ now: Date }>`select now() as now`
    return row?.now ?? new Date(0)
  }
}
