import type { Database } from '../stores/database.ts'

export type AuditPartitionStore = ReturnType<typeof createAuditPartitionStore>

const dayMs = 86_400_000

/** The monthly partitions of the audit trail. */
export function createAuditPartitionStore (db: Database) {
  return { make, drop, retention, setRetention, endOfMonthsOlderThan }

  /** Makes the missing partitions of this month and of those ahead. Returns how many it has made. */
  async function make (monthsAhead: number): Promise<number> {
    const [row] = await db<{ made: number }>`select make_audit_partitions(${monthsAhead}) as made`
    return row?.made ?? 0
  }

  /** Drops the partitions of months that ended before a time, if their events are sealed. Returns how many. */
  async function drop (time: Date): Promise<number> {
    const [row] = await db<{ dropped: number }>`select drop_audit_partitions(${time}) as dropped`
    return row?.dropped ?? 0
  }

  /** How many milliseconds the owner of the trail has events kept; null for ever. */
  async function retention (): Promise<number | null> {
    const [row] = await db<{ days: number }>`select days from audit_retention`
    return row ? row.days * dayMs : null
  }

  /** Decides, as the owner of the trail, how many milliseconds events are kept; null for ever. */
  async function setRetention (ms: number | null) {
    if (ms === null) return await db`delete from audit_retention`
    return await db`
      insert into audit_retention (days)
      values (${Math.ceil(ms / dayMs)})
      on conflict (only_row) do update set days = excluded.days`
  }

  /**
   * The end of the last month that has been over for this many milliseconds, by the clock of Postgres, and still has a
   * partition; null for none.
   */
  async function endOfMonthsOlderThan (ms: number): Promise<Date | null> {
    const [row] = await db<{ at: Date | null }>`
      select max(ends.at) as at
      from pg_inherits i
      join pg_class c on c.oid = i.inhrelid
      cross join lateral (
        select substring(pg_get_expr(c.relpartbound, c.oid) from $bound$TO \\('([^']+)'\\)$bound$)::timestamptz as at
      ) ends
      where i.inhparent = 'audit_events'::regclass
        and ends.at <= now() - make_interval(secs => ${ms / 1000})`
    return row?.at ?? null
  }
}
