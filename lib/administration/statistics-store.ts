import type { Transport } from '../sessions/refresh-tokens.ts'
import type { Database, Query, Transaction } from '../stores/database.ts'
import type { User } from '../users/user-store.ts'

export interface UserCount extends Pick<User, 'role' | 'status' | 'approval'> { users: number }

/** Events of one kind on one day, `YYYY-MM-DD` in UTC. */
export interface DailyCount {
  day: string
  event: string
  outcome: 'success' | 'failure'
  /** Empty for none. */
  reason: string
  events: number
}

export interface SessionCount { transport: Transport, sessions: number, countedAt: Date }

export type StatisticsStore = ReturnType<typeof createStatisticsStore>

/** At most this many unsealed events are counted. There are those of a few seconds, unless sealing is stuck. */
const unsealedEventsMax = 20_000

export function createStatisticsStore (db: Database) {
  return {
    countUsers,
    foldUserCounts,
    sealedSince,
    addSealed,
    unsealed,
    removeDaysBefore,
    countSessions,
    storedSessionCounts,
    storeSessionCounts,
    estimateSessions
  }

  /** How many users there are of each kind. */
  async function countUsers (): Promise<UserCount[]> {
    return await db<UserCount>`
      select role, status, approval, sum(users)::bigint as users
      from user_counts
      group by role, status, approval
      having sum(users) <> 0`
  }

  /** Replaces up to `rowsMax` rows of user counts by one row for each kind of user. */
  async function foldUserCounts (rowsMax: number): Promise<void> {
    await db`
      with chosen as materialized (
        select id
        from user_counts
        order by id
        limit ${rowsMax}
        for update skip locked
      ), folded as (
        delete from user_counts
        using chosen
        where user_counts.id = chosen.id
        returning role, status, approval, users
      )
      insert into user_counts (role, status, approval, users)
      select role, status, approval, sum(users)
      from folded
      group by role, status, approval
      having sum(users) <> 0`
  }

  /** The counts of sealed events from this day on (`YYYY-MM-DD`). */
  async function sealedSince (firstDay: string): Promise<DailyCount[]> {
    return await db<DailyCount>`
      select day::text as day, event, outcome, reason, events
      from daily_counts
      where day >= ${firstDay}::date`
  }

  /** Adds to the counts, in the transaction that seals the events. */
  async function addSealed (tx: Transaction, counts: DailyCount[]) {
    await tx`
      insert into daily_counts (day, event, outcome, reason, events)
      select *
      from unnest(
        ${counts.map(({ day }) => day)}::date[],
        ${counts.map(({ event }) => event)}::text[],
        ${counts.map(({ outcome }) => outcome)}::text[],
        ${counts.map(({ reason }) => reason)}::text[],
        ${counts.map(({ events }) => events)}::bigint[]
      )
      on conflict (day, event, outcome, reason) do update set events = daily_counts.events + excluded.events`
  }

  /** The counts of the events that are not sealed yet: those that the snapshot of the last seal does not see. */
  async function unsealed (): Promise<DailyCount[]> {
    return await db<DailyCount>`
      with head as (
        select snapshot, through, floor
        from audit_seals
        order by number desc
        limit 1
      ), edge as (
        select coalesce((select snapshot from head), '3:3:'::pg_snapshot) as snapshot,
               coalesce((select through from head), -9223372036854775808) as through,
               coalesce((select floor from head), 0) as floor
      ), unsealed as (
        (
          select e.at, e.event, e.outcome, e.reason
          from audit_events e
          where e.xid = any(array(select pg_snapshot_xip(snapshot) from edge))
            and e.id > (select floor from edge)
          limit ${unsealedEventsMax}
        )
        union all
        (
          select e.at, e.event, e.outcome, e.reason
          from audit_events e
          where (e.xid, e.id) > ((select pg_snapshot_xmax(snapshot) from edge), (select through from edge))
            and e.id > (select floor from edge)
          order by e.xid, e.id
          limit ${unsealedEventsMax}
        )
      )
      select (at at time zone 'UTC')::date::text as day, event, outcome, coalesce(reason, '') as reason, count(*) as events
      from unsealed
      group by 1, 2, 3, 4`
  }

  /** Removes the counts of the days before this one (`YYYY-MM-DD`). */
  async function removeDaysBefore (day: string) {
    await db`delete from daily_counts where day < ${day}::date`
  }

  /** Counts the live sessions whose ids begin with a byte in the range, `below` exclusively: a part takes a moment. */
  async function countSessions (from: number, below: number): Promise<Pick<SessionCount, 'transport' | 'sessions'>[]> {
    const lowest = idOf(from)
    const beyond = below > 255 ? null : idOf(below)
    return await db<Pick<SessionCount, 'transport' | 'sessions'>>`
      select transport, count(*) as sessions
      from active_sessions
      where id >= ${lowest} and (${beyond}::uuid is null or id < ${beyond})
      group by transport`
  }

  /** The stored counts of the last scheduled count. */
  async function storedSessionCounts (): Promise<SessionCount[]> {
    return await db<SessionCount>`select transport, sessions, counted_at from session_counts`
  }

  async function storeSessionCounts (counts: SessionCount[]) {
    await db`
      insert into session_counts (transport, sessions, counted_at)
      select *
      from unnest(
        ${counts.map(({ transport }) => transport)}::text[],
        ${counts.map(({ sessions }) => sessions)}::bigint[],
        ${counts.map(({ countedAt }) => countedAt)}::timestamptz[]
      )
      on conflict (transport) do update set sessions = excluded.sessions, counted_at = excluded.counted_at`
  }

  /** About how many rows of sessions there are, ended ones included, by the statistics of Postgres. */
  async function estimateSessions (query: Query = db): Promise<number> {
    const [row] = await query<{ rows: number }>`
      select greatest(reltuples, 0)::bigint as rows
      from pg_class
      where oid = 'sessions'::regclass`
    return row?.rows ?? 0
  }
}

/** The lowest id that begins with a byte. */
function idOf (byte: number) {
  return `${byte.toString(16).padStart(2, '0')}000000-0000-0000-0000-000000000000`
}
