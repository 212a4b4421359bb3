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
  /** Jobs that wait or are being done, at most `countedMax`. */
  waiting: number
  /** Jobs that failed for good, at most `countedMax`. */
  failed: number
  /** For how long (ms) the most overdue job has been due. */
  overdueMs: number
}

/** More jobs of a queue than this are not counted, because counting reads each of them. */
const countedMax = 10_000
/** The same for the jobs of one queue that are due soon, which are asked for by a command alone. */
const countedSoonMax = 100_000

export type JobStore = ReturnType<typeof createJobStore>

/** Jobs in Postgres. All times are those of its clock. */
export function createJobStore (db: Database) {
  return { add, addAll, countDue, countLeft, take, renew, finish, fail, addScheduled, counts }

  /** Writes a job in the transaction that needs it: one statement. */
  async function add (tx: Transaction, queue: string, data: object, attemptsMax: number): Promise<void> {
    await tx`
      insert into jobs (queue, data, attempts_max)
      values (${queue}, ${JSON.stringify(data)}::text::jsonb, ${attemptsMax})`
  }

  /** Writes many jobs by one statement. Returns their ids. */
  async function addAll (tx: Transaction, queue: string, data: object[], attemptsMax: number): Promise<number[]> {
    const added = await tx<{ id: number }>`
      insert into jobs (queue, data, attempts_max)
      select ${queue}, data, ${attemptsMax}
      from jsonb_array_elements(${JSON.stringify(data)}::text::jsonb) as data
      returning id`
    return added.map(({ id }) => id)
  }

  /**
   * How many jobs are being done or are due within `withinMs` milliseconds, at most `countedSoonMax`. Those whose last
   * attempt has failed are counted as well, as long as they are tried again so soon.
   */
  async function countDue (queue: string, withinMs: number): Promise<number> {
    const [row] = await db<{ count: number }>`
      select count(*)::int as count
      from (
        select
        from jobs
        where queue = ${queue} and failed_at is null and due_at <= now() + ${withinMs}::float8 * interval '1 millisecond'
        limit ${countedSoonMax}
      ) j`
    return row?.count ?? 0
  }

  /** How many of these jobs wait or are being done, and how many have failed for good. The others are done. */
  async function countLeft (ids: number[]): Promise<{ waiting: number, failed: number }> {
    const [row] = await db<{ waiting: number, failed: number }>`
      select count(*) filter (where failed_at is null)::int as waiting,
             count(*) filter (where failed_at is not null)::int as failed
      from jobs
      where id = any(${ids}::bigint[])`
    return row ?? { waiting: 0, failed: 0 }
  }

  /**
   * Takes up to `jobsMax` due jobs for `leaseMs` milliseconds. No other worker gets them meanwhile. From then on each
   * has `attemptsMax` attempts, whatever wrote it: a function of the database, or an older version.
   */
  async function take (queue: string, jobsMax: number, leaseMs: number, attemptsMax: number): Promise<TakenJob[]> {
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
      set attempts = least(attempts + 1, ${attemptsMax}::int),
          attempts_max = ${attemptsMax}::int,
          due_at = now() + ${leaseMs}::float8 * interval '1 millisecond',
          failed_at = case when attempts >= ${attemptsMax}::int then now() end,
          error = case when attempts >= ${attemptsMax}::int then 'The last attempt did not come to an end.' else error end
      from due
      where jobs.id = due.id
      returning jobs.id, data, attempts as attempt, created_at, failed_at is not null as abandoned`
  }

  /** Prolongs the lease of a job to `leaseMs` milliseconds from now, unless another worker has it by now. */
  async function renew ({ id, attempt }: Job, leaseMs: number): Promise<void> {
    await db`
      update jobs
      set due_at = now() + ${leaseMs}::float8 * interval '1 millisecond'
      where id = ${id} and attempts = ${attempt} and failed_at is null`
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

  /**
   * By queue: how many jobs wait or are being done, how many have failed, and how late the next one is. It finds the
   * queues by one entry of an index each, and counts up to a bound: so it takes no longer if a million mails have
   * failed.
   */
  async function counts (query: Query = db): Promise<QueueCounts[]> {
    return await query<QueueCounts>`
      with recursive waiting (queue) as (
        (select queue from jobs where failed_at is null order by queue limit 1)
        union all
        select (select queue from jobs where failed_at is null and queue > w.queue order by queue limit 1)
        from waiting w
        where w.queue is not null
      ), failed (queue) as (
        (select queue from jobs where failed_at is not null order by queue limit 1)
        union all
        select (select queue from jobs where failed_at is not null and queue > f.queue order by queue limit 1)
        from failed f
        where f.queue is not null
      ), queues as (
        select queue from waiting
        union
        select queue from failed
      )
      select queue, w.waiting, f.failed,
             coalesce(greatest(0, extract(epoch from now() - n.due_at) * 1000), 0)::float8 as overdue_ms
      from queues q
      cross join lateral (
        select count(*)::int as waiting
        from (select from jobs where queue = q.queue and failed_at is null limit ${countedMax}) j
      ) w
      cross join lateral (
        select count(*)::int as failed
        from (select from jobs where queue = q.queue and failed_at is not null limit ${countedMax}) j
      ) f
      left join lateral (
        select due_at
        from jobs
        where queue = q.queue and failed_at is null
        order by due_at
        limit 1
      ) n on true
      where queue is not null
      order by queue`
  }
}

/**
 * The id of what a job is about, for stores of those things. It is the expression of an index, `jobs_about` of
 * sql/013.do.erasure.sql: written in another way it would not be found there.
 */
export function subjectOf ({ fragment }: Query) {
  return fragment`coalesce(data ->> 'userId', data ->> 'registrationId', data ->> 'tokenId')`
}
