import type { Database, Query, Transaction } from '../stores/database.ts'

/** A job that a worker holds. `attempt` counts from 1 and distinguishes this lease from every other. */
export interface Job {
  id: number
  data: Readonly<Record<string, unknown>>
  attempt: number
  createdAt: Date
}

export interface TakenJob extends Job {
  /** Its last attempt never ended, so the job has been given up instead of taken. */
  abandoned: boolean
}

export interface QueueCounts {
  queue: string
  /** Jobs that wait or are being done. */
  waiting: number
  /** Jobs that failed for good. */
  failed: number
  /** For how long (ms) the most overdue job has been due. */
  overdueMs: number
}

export type JobStore = ReturnType<typeof createJobStore>

/** Jobs in Postgres. All times are those of its clock. */
export function createJobStore (db: Database) {
  return { add, addAll, countDue, take, finish, fail, addScheduled, counts }

  /** Writes a job in the transaction that needs it: one statement. */
  async function add (tx: Transaction, queue: string, data: object, attemptsMax: number): Promise<void> {
    await tx`
      insert into jobs (queue, data, attempts_max)
      values (${queue}, ${JSON.stringify(data)}::text::jsonb, ${attemptsMax})`
  }

  /** Writes many jobs by one statement. */
  async function addAll (tx: Transaction, queue: string, data: object[], attemptsMax: number): Promise<void> {
    await tx`
      insert into jobs (queue, data, attempts_max)
      select ${queue}, data, ${attemptsMax}
      from jsonb_array_elements(${JSON.stringify(data)}::text::jsonb) as data`
  }

  /** How many jobs could be taken now. */
  async function countDue (queue: string): Promise<number> {
    const [row] = await db<{ count: number }>`
      select count(*)::int as count
      from jobs
      where queue = ${queue} and failed_at is null and due_at <= now()`
    return row?.count ?? 0
  }

  /** Takes up to `jobsMax` due jobs for `leaseMs` milliseconds. No other worker gets them meanwhile. */
  async function take (queue: string, jobsMax: number, leaseMs: number): Promise<TakenJob[]> {
    // The jobs are chosen in a step of their own: as a subquery of the update, the choice could be made again for each
    // row, and then more than `jobsMax` jobs would be taken.
    return db<TakenJob>`
      with due as materialized (
        select id
        from jobs
        where queue = ${queue} and failed_at is null and due_at <= now()
        order by due_at
        limit ${jobsMax}
        for update skip locked
      )
      update jobs
      set attempts = least(attempts + 1, attempts_max),
          due_at = now() + ${leaseMs}::float8 * interval '1 millisecond',
          failed_at = case when attempts >= attempts_max then now() end,
          error = case when attempts >= attempts_max then 'The last attempt did not come to an end.' else error end
      from due
      where jobs.id = due.id
      returning jobs.id, data, attempts as attempt, created_at, failed_at is not null as abandoned`
  }

  /** Removes a job that is done, unless another worker has its lease by now. */
  async function finish ({ id, attempt }: Job): Promise<void> {
    await db`
      delete from jobs
      where id = ${id} and attempts = ${attempt} and failed_at is null`
  }

  /**
   * Stores why an attempt failed. The job is due again after `delayMs` milliseconds, or stays failed after its last
   * attempt and after a permanent failure. Returns whether it stays failed.
   */
  async function fail (
    { id, attempt }: Job, error: string, { delayMs, isPermanent }: { delayMs: number, isPermanent: boolean }
  ): Promise<boolean> {
    const [job] = await db<{ final: boolean }>`
      update jobs
      set due_at = now() + ${delayMs}::float8 * interval '1 millisecond',
          failed_at = case when attempts >= attempts_max or ${isPermanent}::boolean then now() end,
          error = ${error}
      where id = ${id} and attempts = ${attempt} and failed_at is null
      returning failed_at is not null as final`
    return job?.final ?? false
  }

  /**
   * Writes the next job of a queue that works every `intervalMs` milliseconds, if it is due and the one before does not
   * wait any more. Only one of the nodes that ask writes it. An interval that has become shorter by more than a minute
   * holds at once; nodes that ask may differ by less.
   */
  async function addScheduled (queue: string, intervalMs: number): Promise<void> {
    await db`
      with due as (
        insert into job_schedules (queue, due_at)
        values (${queue}, now() + ${intervalMs}::float8 * interval '1 millisecond')
        on conflict (queue) do update
        set due_at = excluded.due_at
        where job_schedules.due_at <= now() or job_schedules.due_at > excluded.due_at + interval '1 minute'
        returning queue
      )
      insert into jobs (queue)
      select queue
      from due
      where not exists (select from jobs where jobs.queue = due.queue and failed_at is null)`
  }

  /** By queue: how many jobs wait or are being done, how many have failed, and how late the next one is. */
  async function counts (query: Query = db): Promise<QueueCounts[]> {
    return await query<QueueCounts>`
      select queue,
             count(*) filter (where failed_at is null)::int as waiting,
             count(failed_at)::int as failed,
             coalesce(
               greatest(0, extract(epoch from now() - min(due_at) filter (where failed_at is null)) * 1000), 0
             )::float8 as overdue_ms
      from jobs
      group by queue
      order by queue`
  }
}
