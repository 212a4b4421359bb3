import type { Database, Transaction } from '../stores/database.ts'

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

/** A job in a list, with the text of what the list is ordered by: the time to the microsecond. */
export type PlacedJob = ListedJob & { key: string }

/** The part of a list after a job, or its beginning. */
interface Part { after: { key: string, id: string } | null, limit: number }

export type QueueStore = ReturnType<typeof createQueueStore>

/** What an operator sees of a queue, and mends in it. */
export function createQueueStore (db: Database) {
  return { list, waiting, failed, retry, retryFailed, retryNext, now }

  /** The newest jobs of a queue, at most `limit`: all of them, or those that have failed for good. */
  async function list (queue: string, { onlyFailed, limit }: { onlyFailed: boolean, limit: number }) {
    return await db<ListedJob>`
      select ${columns(db)}
      from jobs
      where queue = ${queue}
        and (failed_at is not null or not ${onlyFailed}::boolean)
      order by id desc
      limit ${limit}`
  }

  /** The next jobs that wait or are being done, by when they are due. */
  async function waiting (queue: string, { after, limit }: Part): Promise<PlacedJob[]> {
    const { key, id } = after ?? { key: '-infinity', id: '0' }
    return await db<PlacedJob>`
      select ${columns(db)}, due_at::text as key
      from jobs
      where queue = ${queue}
        and failed_at is null
        and (due_at, id) > (${key}::timestamptz, ${id}::bigint)
      order by due_at, id
      limit ${limit}`
  }

  /** The next jobs that have failed for good, the latest first. */
  async function failed (queue: string, { after, limit }: Part): Promise<PlacedJob[]> {
    const { key, id } = after ?? { key: 'infinity', id: '0' }
    return await db<PlacedJob>`
      select ${columns(db)}, failed_at::text as key
      from jobs
      where queue = ${queue}
        and failed_at is not null
        and (failed_at, id) < (${key}::timestamptz, ${id}::bigint)
      order by failed_at desc, id desc
      limit ${limit}`
  }

  /**
   * Begins a job again, as if it had never been tried, that has failed for good or whose next attempt is not due within
   * `lateMs` milliseconds. Returns false if it is none of these or is gone.
   */
  async function retry (queue: string, id: number, lateMs: number): Promise<boolean> {
    const begun = await db`
      update jobs
      set attempts = 0, failed_at = null, due_at = now()
      where id = ${id}
        and queue = ${queue}
        and (failed_at is not null or ${isLate(db, lateMs)})
      returning id`
    return begun.length === 1
  }

  /**
   * Begins a job again, as if it had never been tried, if it has failed for good. Of several that ask at once, one
   * does. Returns the kind of the job, and whether it has been begun; null if there is none.
   */
  async function retryFailed (
    tx: Transaction, queue: string, id: number
  ): Promise<{ kind: string | null, isBegun: boolean } | null> {
    const [begun] = await tx<{ kind: string | null, isBegun: boolean }>`
      update jobs
      set attempts = 0, failed_at = null, due_at = now()
      where id = ${id} and queue = ${queue} and failed_at is not null
      returning data ->> 'kind' as kind, true as is_begun`
    if (begun) return begun

    const [other] = await tx<{ kind: string | null, isBegun: boolean }>`
      select data ->> 'kind' as kind, false as is_begun
      from jobs
      where id = ${id} and queue = ${queue}`
    return other ?? null
  }

  /**
   * Begins the next jobs again, up to `limit`, that had failed for good before a moment, or were written before it and
   * whose next attempt is not due within `lateMs` milliseconds: those with the lowest ids above `after`. Returns their
   * ids in this order; fewer than `limit` if no more are left.
   */
  async function retryNext (
    queue: string,
    { before, after, lateMs, limit }: { before: Date, after: number, lateMs: number, limit: number }
  ): Promise<number[]> {
    const begun = await db<{ id: number }>`
      with chosen as materialized (
        select id
        from jobs
        where queue = ${queue}
          and id > ${after}
          and (failed_at < ${before} or (created_at < ${before} and ${isLate(db, lateMs)}))
        order by id
        limit ${limit}
        for update skip locked
      ), begun as (
        update jobs
        set attempts = 0, failed_at = null, due_at = now()
        from chosen
        where jobs.id = chosen.id
        returning jobs.id
      )
      select id
      from begun
      order by id`
    return begun.map(({ id }) => id)
  }

  /** The time of Postgres, by which jobs are due and fail. */
  async function now (): Promise<Date> {
    const [row] = await db<{ now: Date }>`select now() as now`
    return row?.now ?? new Date(0)
  }
}

/** The columns of a `ListedJob`. */
function columns ({ fragment }: Database) {
  return fragment`id, data ->> 'kind' as kind, attempts, attempts_max, created_at, due_at, failed_at, error`
}

/** A condition: the last attempt has failed, and the next one comes so late that no node has the job in hand. */
function isLate ({ fragment }: Database, lateMs: number) {
  return fragment`failed_at is null and error is not null and due_at > now() + ${lateMs}::float8 * interval '1 millisecond'`
}
