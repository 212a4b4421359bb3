import type { Transaction } from '../stores/database.ts'

export type GatheringStore = ReturnType<typeof createGatheringStore>

/**
 * Announcements that are made at most once an interval, however many causes there are. The first cause after a quiet
 * interval is announced at once; the next ones wait as jobs until the interval ends. The end of the interval is the
 * schedule of the queue. To begin or to collect locks its row, so that no cause is lost or counted twice.
 * Times are those of Postgres' clock.
 */
export function createGatheringStore () {
  return { begin, add, collect }

  /**
   * Begins an interval of `intervalMs` milliseconds. Returns false if one has begun and has not ended, or if causes of
   * the last one have not been collected yet.
   */
  async function begin (tx: Transaction, queue: string, intervalMs: number): Promise<boolean> {
    const begun = await tx`
      insert into job_schedules (queue, due_at)
      values (${queue}, now() + ${intervalMs}::float8 * interval '1 millisecond')
      on conflict (queue) do update
      set due_at = excluded.due_at
      where job_schedules.due_at <= now()
        and not exists (select from jobs where jobs.queue = excluded.queue and failed_at is null)
      returning queue`
    return begun.length > 0
  }

  /**
   * Writes a cause that waits until the interval ends, unless `causesMax` wait already. It waits for `intervalMs`
   * milliseconds at most: the interval may have begun while Postgres' clock was fast.
   */
  async function add (
    tx: Transaction, queue: string, data: object, { intervalMs, causesMax }: { intervalMs: number, causesMax: number }
  ): Promise<void> {
    await tx`
      with waiting as materialized (
        select
        from jobs
        where queue = ${queue} and failed_at is null
        limit ${causesMax}
      )
      insert into jobs (queue, data, due_at)
      select queue, ${JSON.stringify(data)}::text::jsonb,
             least(due_at, now() + ${intervalMs}::float8 * interval '1 millisecond')
      from job_schedules
      where queue = ${queue}
        and (select count(*) from waiting) < ${causesMax}`
  }

  /**
   * Removes the causes that wait, and returns their data in their order. Others that collect at the same time get
   * nothing. If they are announced, begin the next interval in the same transaction.
   */
  async function collect (tx: Transaction, queue: string): Promise<Record<string, unknown>[]> {
    await tx`
      select
      from job_schedules
      where queue = ${queue}
      for update`
    const collected = await tx<{ data: Record<string, unknown> }>`
      with collected as (
        delete from jobs
        where queue = ${queue} and failed_at is null
        returning id, data
      )
      select data
      from collected
      order by id`
    return collected.map(({ data }) => data)
  }
}
