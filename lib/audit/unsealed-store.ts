import type { Database, Query, Transaction } from '../stores/database.ts'
import type { Fragment } from '../stores/statement.ts'
import type { StoredSeal } from './chain.ts'
import type { StoredEvent } from './event.ts'

/** How far a seal and those before it reach: the next seal continues there. */
export type Reached = Pick<StoredSeal, 'snapshot' | 'through' | 'floor' | 'lastId'>

/** What the next seal covers, read by one statement and therefore under one snapshot. */
export interface Unsealed {
  snapshot: string
  /** Microseconds since 1970, by the clock of Postgres. */
  now: number
  events: StoredEvent[]
}

export type UnsealedStore = ReturnType<typeof createUnsealedStore>

const lowestId = '-9223372036854775808'

/** The events that no seal covers yet. */
export function createUnsealedStore (db: Database) {
  const { fragment } = db

  return { unsealed, leftOver, hasBegunAnew, unsealedSince, firstSince }

  /**
   * The first events, by transaction and id, that the chain does not cover. They are next to each other in an index, so
   * no sealed events are read.
   */
  async function unsealed (tx: Transaction, { snapshot, through, floor }: Reached, limit: number): Promise<Unsealed> {
    return await read(tx, limit, fragment`
          (
            select e.*
            from ${openTransactions(snapshot)}
            cross join lateral (
              select *
              from audit_events
              where xid = x.xid
                and id > ${floor}
              order by id
              limit ${limit}
            ) e
            order by e.xid, e.id
            limit ${limit}
          )
          union all
          (
            select *
            from audit_events
            where ${isLater({ snapshot, through })}
              and pg_visible_in_snapshot(xid, pg_current_snapshot())
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
  async function leftOver (tx: Transaction, { snapshot, through, floor, lastId }: Reached): Promise<Unsealed> {
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

  /** Events in the order of transaction and id, with the snapshot and the time at which they were read. */
  async function read (tx: Transaction, limit: number | null, events: Fragment): Promise<Unsealed> {
    return unsealedOf(await tx<UnsealedRow>`
      select now.snapshot, now.time, e.*
      from (
        select pg_current_snapshot()::text as snapshot,
               (extract(epoch from date_trunc('milliseconds', clock_timestamp())) * 1000000)::bigint as time
      ) now
      left join (
        select ${contentColumns(db)}
        from (
          ${events}
        ) found
        order by found.xid, found.id
        limit ${limit}
      ) e on true`)
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

  function isLater ({ snapshot, through }: Pick<Reached, 'snapshot' | 'through'>) {
    return fragment`(xid, id) > (pg_snapshot_xmax(${snapshot}::pg_snapshot), ${through ?? lowestId}::bigint)`
  }
}

/** The columns of a `StoredEvent`. */
export function contentColumns ({ fragment }: Pick<Query, 'fragment'>): Fragment {
  return fragment`
    id, xid::text as xid, (extract(epoch from at) * 1000000)::bigint as at, event, outcome, reason,
    actor_id::text as actor_id, subject_id::text as subject_id, session_id::text as session_id, request_id,
    encode(address_hmac, 'hex') as address_hmac, encode(personal, 'hex') as personal, encode(mac, 'hex') as mac`
}

type UnsealedRow = Partial<StoredEvent> & { snapshot: string, time: number }

// The left join gives one row without an event when there is none.
function unsealedOf (rows: UnsealedRow[]): Unsealed {
  const [first] = rows
  if (!first) throw new Error('a snapshot is always there')
  return {
    snapshot: first.snapshot,
    now: first.time,
    events: rows.flatMap(({ snapshot: _snapshot, time: _time, ...event }) => isEvent(event) ? [event] : [])
  }
}

function isEvent (event: Partial<StoredEvent>): event is StoredEvent {
  return event.id !== null && event.id !== undefined
}
