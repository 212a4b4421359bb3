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

/** The living sessions in a part of all, and the id of its last one; null where no session is left. */
export interface SessionPart extends Record<Transport, number> { last: string | null }

export type StatisticsStore = ReturnType<typeof createStatisticsStore>

/**
 * At most this many unsealed events are counted of the transactions that were under way at the last seal, and as many
 * of later ones. Unless sealing is stuck, there are only those of a few seconds.
 */
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

  /**
   * Counts the living ones among the next sessions after an id, at most 1,000. The limit is part of the text,
   * and the user of each is looked up by its key: so whatever the planner knows of the tables, it reads no more.
   */
  async function countSessions (after: string): Promise<SessionPart> {
    const [part] = await db<SessionPart>`
      with part as materialized (
        select id, user_id, transport, user_epoch, global_epoch, ended_at, expires_at
        from sessions
        where id > ${after}
        order by id
        limit 1000
      ), living as (
        select p.transport
        from part p
        cross join lateral (
          select
          from users u
          where u.id = p.user_id and u.session_epoch = p.user_epoch and u.status = 'active'
          offset 0
        ) u
        where p.ended_at is null
          and p.expires_at > now()
          and p.global_epoch = (select session_epoch from deployment)
      )
      select count(*) filter (where transport = 'bearer')::int as bearer,
             count(*) filter (where transport = 'cookie')::int as cookie,
             (select id from part order by id desc limit 1) as last
      from living`
    return part ?? { bearer: 0, cookie: 0, last: null }
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
