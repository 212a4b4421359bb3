import type { Database, Query, Transaction } from '../stores/database.ts'
import type { Fragment } from '../stores/statement.ts'
import type { StoredSeal } from './chain.ts'
import type { StoredEvent } from './event.ts'

/** How far a seal and those before it reach: the next seal continues there. */
export type Reached = Pick<StoredSeal, 'snapshot' | 'through' | 'floor' | 'lastId'>

/** What Postgres says about now: a snapshot, and the time in microseconds since 1970. */
export interface Moment { snapshot: string, now: number }

/** Where an event stands in the order in which events are sealed. */
export type Place = Pick<StoredEvent, 'xid' | 'id'>

/** A part of the events that a snapshot sees: the first ones after a place, or the first of all. */
export interface Page { snapshot: string, after: Place | null, limit: number }

export type UnsealedStore = ReturnType<typeof createUnsealedStore>

const lowestId = '-9223372036854775808'

/** The events that no seal covers yet. */
export function createUnsealedStore (db: Database) {
  const { fragment } = db

  return { moment, unsealed, leftOver, hasBegunAnew, unsealedSince, firstSince }

  async function moment (tx: Transaction): Promise<Moment> {
    const [row] = await tx<Moment>`
      select pg_current_snapshot()::text as snapshot,
             (extract(epoch from date_trunc('milliseconds', clock_timestamp())) * 1000000)::bigint as now`
    if (!row) throw new Error('a snapshot is always there')
    return row
  }

  /**
   * Events that the chain does not cover, by transaction and id. They are next to each other in an index, so no sealed
   * events are read.
   */
  async function unsealed (
    tx: Transaction, { snapshot, through, floor }: Reached, { snapshot: seen, after, limit }: Page
  ): Promise<StoredEvent[]> {
    const { xid, id } = after ?? { xid: '0', id: lowestId }

    return await read(tx, limit, fragment`
          (
            select e.*
            from ${openTransactions(snapshot)}
            cross join lateral (
              select *
              from audit_events
              where xid = x.xid
                and id > greatest(${floor}::bigint, case when x.xid = ${xid}::xid8 then ${id}::bigint end)
              order by id
              limit ${limit}
            ) e
            where x.xid >= ${xid}::xid8
              and pg_visible_in_snapshot(x.xid, ${seen}::pg_snapshot)
            order by e.xid, e.id
            limit ${limit}
          )
          union all
          (
            select *
            from audit_events
            where ${isLater({ snapshot, through }, after)}
              and pg_visible_in_snapshot(xid, ${seen}::pg_snapshot)
              and id > ${floor}
            order by xid, id
            limit ${limit}
          )`)
  }

  /**
   * Call it instead of `unsealed` when the numbers of transactions have begun anew (a restored dump): all
   * events that were written under the old numbers and that the chain does not cover. An event that was written since
   * has a higher id than every old one. So up to the highest id among those whose numbers have not been given out yet,
   * and up to the last sealed id, all events are old ones.
   */
  async function leftOver (
    tx: Transaction, { snapshot, through, floor, lastId }: Reached
  ): Promise<StoredEvent[]> {
    const isOld = fragment`id > ${floor}
              and id <= greatest(${lastId}::bigint, (
                select id
                from audit_events
                where id > ${lastId}
                  and xid >= pg_snapshot_xmax(pg_current_snapshot())
                order by id desc
                limit 1
              ))`

    return await read(tx, null, fragment`
          (
            select e.*
            from ${openTransactions(snapshot)}
            cross join lateral (
              select *
              from audit_events
              where xid = x.xid
                and ${isOld}
            ) e
          )
          union all
          (
            select *
            from audit_events
            where ${isLater({ snapshot, through })}
              and ${isOld}
            order by xid, id
          )`)
  }

  /**
   * Whether the numbers of transactions have begun anew since a seal was made: its snapshot ends with a number that
   * this Postgres has not given out yet. That happens to a dump that is restored into another cluster.
   */
  async function hasBegunAnew ({ snapshot }: Pick<Reached, 'snapshot'>, query: Query = db): Promise<boolean> {
    const [row] = await query<{ has: boolean }>`
      select pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax(${snapshot}::pg_snapshot) as has`
    return row?.has === true
  }

  /** Events in the order of transaction and id. */
  async function read (tx: Transaction, limit: number | null, events: Fragment): Promise<StoredEvent[]> {
    return await tx<StoredEvent>`
      select ${contentColumns(db)}
      from (
        ${events}
      ) found
      order by found.xid, found.id
      limit ${limit}`
  }

  /** When the first event was written that the chain does not cover; null when it covers all of them. */
  async function unsealedSince ({ snapshot, through, floor }: Reached): Promise<Date | null> {
    const [row] = await db<{ at: Date | null }>`
      select least(
        (
          select min(e.at)
          from ${openTransactions(snapshot)}
          cross join lateral (
            select at
            from audit_events
            where xid = x.xid
              and id > ${floor}
            order by id
            limit 1
          ) e
        ), (
          select at
          from audit_events
          where ${isLater({ snapshot, through })}
            and pg_visible_in_snapshot(xid, pg_current_snapshot())
            and id > ${floor}
          order by xid, id
          limit 1
        )
      ) as at`
    return row?.at ?? null
  }

  /** When the first event with a higher id was written; null for none. */
  async function firstSince (id: number, query: Query = db): Promise<Date | null> {
    const [row] = await query<{ at: Date }>`
      select at
      from audit_events
      where id > ${id}
      order by id
      limit 1`
    return row?.at ?? null
  }

  // The transactions that were under way in a snapshot, as a table. So the planner uses the index for each of them,
  // however many events it expects each to have.
  function openTransactions (snapshot: string) {
    return fragment`pg_snapshot_xip(${snapshot}::pg_snapshot) as x (xid)`
  }

  // One comparison, because the scan of the index begins at it.
  function isLater ({ snapshot, through }: Pick<Reached, 'snapshot' | 'through'>, after: Place | null = null) {
    const end = fragment`pg_snapshot_xmax(${snapshot}::pg_snapshot)`
    const last = fragment`${through ?? lowestId}::bigint`
    if (after === null) return fragment`(xid, id) > (${end}, ${last})`

    const xid = fragment`${after.xid}::xid8`
    return fragment`(xid, id) > (greatest(${xid}, ${end}), case when ${xid} >= ${end} then ${after.id} else ${last} end)`
  }
}

/** The columns of a `StoredEvent`. */
export function contentColumns ({ fragment }: Pick<Query, 'fragment'>): Fragment {
  return fragment`
    id, xid::text as xid, (extract(epoch from at) * 1000000)::bigint as at, event, outcome, reason,
    actor_id::text as actor_id, subject_id::text as subject_id, session_id::text as session_id, request_id,
    encode(address_hmac, 'hex') as address_hmac, encode(personal, 'hex') as personal, encode(mac, 'hex') as mac`
}
