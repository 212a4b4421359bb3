import type { Transport } from '../sessions/refresh-tokens.ts'
import type { Database, Query, Transaction } from '../stores/database.ts'
import type { User } from '../users/user-store.ts'

export interface UserCount extends Pick<User, 'role' | 'status' | 'approval'> { users: number }

/** Events of one kind on one day, `YYYY-MM-DD` in UTC. */
export interface DailyCount { day: string, event: string, outcome: 'success' | 'failure', reason: string, events: number }

export interface SessionCount { transport: Transport, sessions: number, countedAt: Date }

export type StatisticsStore = ReturnType<typeof createStatisticsStore>

/** The most events that are counted although no seal covers them yet: those of a few seconds, unless sealing is stuck. */
const tailMost = 20_000

export function createStatisticsStore (db: Database) {
  return { users, foldUsers, days, sealed, tail, forgetDays, sessions, keptSessions, keepSessions, roughly }

  /** How many users there are of each kind. */
  async function users (): Promise<UserCount[]> {
    return await db<UserCount>`
      select role, status, approval, sum(users)::bigint as users
      from user_counts
      group by role, status, approval
      having sum(users) <> 0`
  }

  /** Makes one row of each kind of user out of those that have come together; up to so many at once. */
  async function foldUsers (most: number): Promise<void> {
    await db`
      with folded as (
        delete from user_counts
        where id in (select id from user_counts order by id limit ${most} for update skip locked)
        returning role, status, approval, users
      )
      insert into user_counts (role, status, approval, users)
      select role, status, approval, sum(users)
      from folded
      group by role, status, approval
      having sum(users) <> 0`
  }

  /** What has been sealed of the days from this one on. */
  async function days (since: string): Promise<DailyCount[]> {
    return await db<DailyCount>`
      select day::text as day, event, outcome, reason, events
      from daily_counts
      where day >= ${since}::date`
  }

  /** Counts events in the transaction that seals them. */
  async function sealed (tx: Transaction, counts: DailyCount[]) {
    await tx`
      insert into daily_counts (day, event, outcome, reason, events)
      select *
      from unnest(${counts.map(({ day }) => day)}::date[], ${counts.map(({ event }) => event)}::text[], ${counts.map(({ outcome }) => outcome)}::text[],
                  ${counts.map(({ reason }) => reason)}::text[], ${counts.map(({ events }) => events)}::bigint[])
      on conflict (day, event, outcome, reason) do update set events = daily_counts.events + excluded.events`
  }

  /** The same of what is not sealed yet: what the snapshot of the last seal does not see. */
  async function tail (): Promise<DailyCount[]> {
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
          limit ${tailMost}
        )
        union all
        (
          select e.at, e.event, e.outcome, e.reason
          from audit_events e
          where (e.xid, e.id) > ((select pg_snapshot_xmax(snapshot) from edge), (select through from edge))
            and e.id > (select floor from edge)
          order by e.xid, e.id
          limit ${tailMost}
        )
      )
      select (at at time zone 'UTC')::date::text as day, event, outcome, coalesce(reason, '') as reason, count(*) as events
      from unsealed
      group by 1, 2, 3, 4`
  }

  /** Forgets the days before this one. */
  async function forgetDays (before: string) {
    await db`delete from daily_counts where day < ${before}::date`
  }

  /** The living sessions whose ids begin with a byte from the first on and below the second: a part of them, in a moment. */
  async function sessions (from: number, below: number): Promise<Pick<SessionCount, 'transport' | 'sessions'>[]> {
    const lowest = idOf(from)
    const beyond = below > 255 ? null : idOf(below)
    return await db<Pick<SessionCount, 'transport' | 'sessions'>>`
      select transport, count(*) as sessions
      from active_sessions
      where id >= ${lowest} and (${beyond}::uuid is null or id < ${beyond})
      group by transport`
  }

  /** What was counted last. */
  async function keptSessions (): Promise<SessionCount[]> {
    return await db<SessionCount>`select transport, sessions, counted_at from session_counts`
  }

  async function keepSessions (counts: SessionCount[]) {
    await db`
      insert into session_counts (transport, sessions, counted_at)
      select *
      from unnest(${counts.map(({ transport }) => transport)}::text[], ${counts.map(({ sessions }) => sessions)}::bigint[], ${counts.map(({ countedAt }) => countedAt)}::timestamptz[])
      on conflict (transport) do update set sessions = excluded.sessions, counted_at = excluded.counted_at`
  }

  /** About how many rows of sessions there are, dead ones included, as Postgres knows without a look. */
  async function roughly (query: Query = db): Promise<number> {
    const [row] = await query<{ rows: number }>`select greatest(reltuples, 0)::bigint as rows from pg_class where oid = 'sessions'::regclass`
    return row?.rows ?? 0
  }
}

function idOf (byte: number) {
  return `${byte.toString(16).padStart(2, '0')}000000-0000-0000-0000-000000000000`
}
