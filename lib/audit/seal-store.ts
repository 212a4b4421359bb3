import { advisoryLocks } from '../stores/advisory-locks.ts'
import type { Database, Query, Transaction } from '../stores/database.ts'

/** An event with its id, as its hash wants it. Times are microseconds since 1970, bytes hexadecimal. */
export interface StoredEvent {
  id: number
  xid: string
  at: number
  event: string
  outcome: string
  reason: string | null
  actorId: string | null
  subjectId: string | null
  sessionId: string | null
  requestId: string | null
  addressHmac: string | null
  personal: string | null
}

/** A seal as it is stored. Times are microseconds since 1970. */
export interface StoredSeal {
  number: number
  events: number
  total: number
  lastId: number
  xid: string
  snapshot: string
  through: number | null
  floor: number
  keptFrom: number | null
  sealedAt: number
  leaves: Buffer
  previous: Buffer
  hash: Buffer
  keyId: Buffer
  signature: Buffer
}

/** What hangs a seal to the one that it continues. */
export type Link = Pick<StoredSeal, 'number' | 'hash' | 'previous' | 'keyId' | 'signature' | 'keptFrom'>

/** What a seal says of where the next one goes on. */
export type Reached = Pick<StoredSeal, 'snapshot' | 'through' | 'floor'>

/** What is to be sealed next, read by one statement and so in the eyes of one snapshot. */
export interface Unsealed { snapshot: string, now: number, events: StoredEvent[] }

/** How the chain stands. */
export interface Look {
  /** Milliseconds, by the clock of Postgres. */
  now: number
  head: Pick<StoredSeal, 'number' | 'hash'> | null
  /** The hash of the seal whose number was asked for. */
  known: Buffer | null
}

export type AuditSealStore = ReturnType<typeof createAuditSealStore>

const before = '-9223372036854775808'

export function createAuditSealStore (db: Database) {
  const { fragment } = db
  const content = fragment`
    id, xid::text as xid, (extract(epoch from at) * 1000000)::bigint as at, event, outcome, reason, actor_id::text as actor_id,
    subject_id::text as subject_id, session_id::text as session_id, request_id, encode(address_hmac, 'hex') as address_hmac,
    encode(personal, 'hex') as personal`
  const columns = fragment`
    number, events, total, last_id, xid::text as xid, snapshot::text as snapshot, through, floor,
    (extract(epoch from kept_from) * 1000000)::bigint as kept_from, (extract(epoch from sealed_at) * 1000000)::bigint as sealed_at,
    leaves, previous, hash, key_id, signature`

  // The transactions that a snapshot saw under way, one by one: so that the index is asked for each of them,
  // whatever the planner believes of how many events they have.
  const openOnes = (snapshot: string) => fragment`pg_snapshot_xip(${snapshot}::pg_snapshot) as x (xid)`

  return { lock, transaction, lastBefore, unsealed, leftOver, insert, look, unsealedSince, seals, links, events, horizon, makePartitions, dropPartitions, endOfMonthsBefore }

  /** Whether nobody else seals until the end of this transaction. */
  async function lock (tx: Transaction): Promise<boolean> {
    const [row] = await tx<{ isOurs: boolean }>`select pg_try_advisory_xact_lock(${advisoryLocks.auditSeals}) as is_ours`
    return row?.isOurs === true
  }

  /** The number of this transaction, which it has from here on. */
  async function transaction (tx: Transaction): Promise<string> {
    const [row] = await tx<{ xid: string }>`select pg_current_xact_id()::text as xid`
    if (!row) throw new Error('a transaction always has a number')
    return row.xid
  }

  /** The last seal before a number; null for none. */
  async function lastBefore (number: number, query: Query = db): Promise<StoredSeal | null> {
    const [seal] = await query<StoredSeal>`
      select ${columns}
      from audit_seals
      where number < ${number}
      order by number desc
      limit 1`
    return seal ?? null
  }

  /**
   * The first events, by transaction and id, that the seal at the end of the chain and those before do not
   * cover. The index has them together: what has been sealed is not looked at.
   */
  async function unsealed (tx: Transaction, { snapshot, through, floor }: Reached, limit: number): Promise<Unsealed> {
    return unsealedOf(await tx<UnsealedRow>`
      select now.snapshot, now.time, e.*
      from (
        select pg_current_snapshot()::text as snapshot, (extract(epoch from date_trunc('milliseconds', clock_timestamp())) * 1000000)::bigint as time
      ) now
      left join (
        select ${content}
        from (
          (
            select e.*
            from ${openOnes(snapshot)}
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
            where (xid, id) > (pg_snapshot_xmax(${snapshot}::pg_snapshot), ${through ?? before}::bigint)
              and pg_visible_in_snapshot(xid, pg_current_snapshot())
              and id > ${floor}
            order by xid, id
            limit ${limit}
          )
        ) found
        order by found.xid, found.id
        limit ${limit}
      ) e on true`)
  }

  /** As `unsealed`, where the numbers of transactions have begun anew: what the old ones left over. */
  async function leftOver (tx: Transaction, { snapshot, through, floor }: Reached): Promise<Unsealed> {
    return unsealedOf(await tx<UnsealedRow>`
      select now.snapshot, now.time, e.*
      from (
        select pg_current_snapshot()::text as snapshot, (extract(epoch from date_trunc('milliseconds', clock_timestamp())) * 1000000)::bigint as time
      ) now
      left join (
        select ${content}
        from audit_events
        where id > ${floor}
          and (
            xid = any(array(select pg_snapshot_xip(${snapshot}::pg_snapshot)))
            or (xid, id) > (pg_snapshot_xmax(${snapshot}::pg_snapshot), ${through ?? before}::bigint)
          )
        order by xid, id
      ) e on true`)
  }

  async function insert (tx: Transaction, seal: StoredSeal) {
    await tx`
      insert into audit_seals (number, events, total, last_id, xid, snapshot, through, floor, kept_from, sealed_at, leaves, previous, hash, key_id, signature)
      values (${seal.number}, ${seal.events}, ${seal.total}, ${seal.lastId}, ${seal.xid}, ${seal.snapshot}, ${seal.through}, ${seal.floor},
              ${seal.keptFrom === null ? null : new Date(seal.keptFrom / 1000)}, ${new Date(seal.sealedAt / 1000)}, ${seal.leaves}, ${seal.previous},
              ${seal.hash}, ${seal.keyId}, ${seal.signature})`
  }

  /** Where the chain ends, what time it is, and what the seal of a number is now. */
  async function look (number: number): Promise<Look> {
    const [row] = await db<{ now: number, last: number, hash: Buffer | null, known: Buffer | null }>`
      select (extract(epoch from clock_timestamp()) * 1000)::bigint as now, coalesce(s.number, 0) as last, s.hash,
             (select hash from audit_seals where number = ${number}) as known
      from (select 1) as one
      left join (
        select number, hash
        from audit_seals
        order by number desc
        limit 1
      ) s on true`
    if (!row) throw new Error('a look always has a row')

    const { now, last, hash, known } = row
    return { now, head: hash && { number: last, hash }, known }
  }

  /** When the first event was written that a seal and those before it do not cover; null when all are. */
  async function unsealedSince ({ snapshot, through, floor }: Reached): Promise<Date | null> {
    const [row] = await db<{ at: Date | null }>`
      select least(
        (
          select min(e.at)
          from ${openOnes(snapshot)}
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
          where (xid, id) > (pg_snapshot_xmax(${snapshot}::pg_snapshot), ${through ?? before}::bigint)
            and pg_visible_in_snapshot(xid, pg_current_snapshot())
            and id > ${floor}
          order by xid, id
          limit 1
        )
      ) as at`
    return row?.at ?? null
  }

  /** Seals in their order, after a number. */
  async function seals (after: number, limit: number): Promise<StoredSeal[]> {
    return await db<StoredSeal>`
      select ${columns}
      from audit_seals
      where number > ${after}
      order by number
      limit ${limit}`
  }

  /** How seals hang together, from the last before a number back. */
  async function links (before: number, limit: number): Promise<Link[]> {
    return await db<Link>`
      select number, hash, previous, key_id, signature, (extract(epoch from kept_from) * 1000000)::bigint as kept_from
      from audit_seals
      where number < ${before}
      order by number desc
      limit ${limit}`
  }

  /** Events in the order of their ids, after one; those that share an id come one after the other. */
  async function events (after: number, limit: number): Promise<StoredEvent[]> {
    return await db<StoredEvent>`
      select ${content}
      from audit_events
      where id > ${after}
      order by id, at
      limit ${limit}`
  }

  /** The last seal there is now, and this moment's snapshot. */
  async function horizon (): Promise<{ last: number, snapshot: string }> {
    const [row] = await db<{ last: number, snapshot: string }>`
      select coalesce(max(number), 0) as last, pg_current_snapshot()::text as snapshot
      from audit_seals`
    if (!row) throw new Error('an aggregate always has a row')
    return row
  }

  /** Makes the partitions of this month and those ahead. Returns how many there were to make. */
  async function makePartitions (monthsAhead: number): Promise<number> {
    const [row] = await db<{ made: number }>`select make_audit_partitions(${monthsAhead}) as made`
    return row?.made ?? 0
  }

  /** Drops the partitions of months that were over before a time, as far as they are sealed. Returns how many. */
  async function dropPartitions (time: Date): Promise<number> {
    const [row] = await db<{ dropped: number }>`select drop_audit_partitions(${time}) as dropped`
    return row?.dropped ?? 0
  }

  /** When the last of the months ended that were over by a time and still have partitions; null for none. */
  async function endOfMonthsBefore (time: Date): Promise<Date | null> {
    const [row] = await db<{ at: Date | null }>`
      select max(ends.at) as at
      from pg_inherits i
      join pg_class c on c.oid = i.inhrelid
      cross join lateral (
        select substring(pg_get_expr(c.relpartbound, c.oid) from $bound$TO \\('([^']+)'\\)$bound$)::timestamptz as at
      ) ends
      where i.inhparent = 'audit_events'::regclass
        and ends.at <= ${time}`
    return row?.at ?? null
  }
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
