import { advisoryLocks } from '../stores/advisory-locks.ts'
import type { Database, Query, Transaction } from '../stores/database.ts'
import type { StoredSeal } from './chain.ts'
import type { StoredEvent } from './event.ts'
import { contentColumns } from './unsealed-store.ts'

/** What ties a seal to the one before it. */
export type Link = Pick<StoredSeal, 'number' | 'hash' | 'previous' | 'keyId' | 'signature' | 'keptFrom'>

/** The state of the chain. */
export interface ChainState {
  /** Milliseconds since 1970, by the clock of Postgres. */
  now: number
  head: Pick<StoredSeal, 'number' | 'hash'> | null
  /** The hash of the seal whose number was asked for. */
  known: Buffer | null
  /** When the seal was made that is the given number of seals before the last one (milliseconds since 1970). */
  earlier: number | null
}

interface StateRow extends Pick<ChainState, 'now' | 'known' | 'earlier'> { last: number, hash: Buffer | null }

export type AuditSealStore = ReturnType<typeof createAuditSealStore>

export function createAuditSealStore (db: Database) {
  const { fragment } = db
  const columns = fragment`
    number, events, total, last_id, xid::text as xid, snapshot::text as snapshot, through, floor,
    (extract(epoch from kept_from) * 1000000)::bigint as kept_from,
    (extract(epoch from sealed_at) * 1000000)::bigint as sealed_at,
    leaves, previous, hash, key_id, signature`

  return { lock, waitForLock, transaction, lastBefore, insert, readState, seals, links, events, lostKeys, horizon }

  /** Takes the lock of sealing until the end of this transaction. False when another node holds it. */
  async function lock (tx: Transaction): Promise<boolean> {
    const [row] = await tx<{ isOurs: boolean }>`select pg_try_advisory_xact_lock(${advisoryLocks.auditSeals}) as is_ours`
    return row?.isOurs === true
  }

  /** Takes the lock of sealing until the end of this transaction, as soon as no node holds it. */
  async function waitForLock (tx: Transaction) {
    await tx`select pg_advisory_xact_lock(${advisoryLocks.auditSeals})`
  }

  /** The number of this transaction, which it gets by this call if it had none. */
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

  async function insert (tx: Transaction, seal: StoredSeal) {
    await tx`
      insert into audit_seals (
        number, events, total, last_id, xid, snapshot, through, floor,
        kept_from, sealed_at, leaves, previous, hash, key_id, signature
      )
      values (
        ${seal.number}, ${seal.events}, ${seal.total}, ${seal.lastId}, ${seal.xid}, ${seal.snapshot},
        ${seal.through}, ${seal.floor}, ${seal.keptFrom === null ? null : new Date(seal.keptFrom / 1000)},
        ${new Date(seal.sealedAt / 1000)}, ${seal.leaves}, ${seal.previous}, ${seal.hash}, ${seal.keyId},
        ${seal.signature}
      )`
  }

  /** The end of the chain, the time, the present hash of the seal with this number, and the time of an earlier seal. */
  async function readState (number: number, sealsBack: number): Promise<ChainState> {
    const [row] = await db<StateRow>`
      select (extract(epoch from clock_timestamp()) * 1000)::bigint as now, coalesce(s.number, 0) as last, s.hash,
             (select hash from audit_seals where number = ${number}) as known,
             (
               select (extract(epoch from sealed_at) * 1000)::bigint
               from audit_seals
               where number = s.number - ${sealsBack}::bigint
             ) as earlier
      from (select 1) as one
      left join (
        select number, hash
        from audit_seals
        order by number desc
        limit 1
      ) s on true`
    if (!row) throw new Error('the state always has a row')

    const { now, last, hash, known, earlier } = row
    return { now, head: hash && { number: last, hash }, known, earlier }
  }

  /** The first seals after a number, in their order. */
  async function seals (after: number, limit: number): Promise<StoredSeal[]> {
    return await db<StoredSeal>`
      select ${columns}
      from audit_seals
      where number > ${after}
      order by number
      limit ${limit}`
  }

  /** The links of the last seals before a number, the highest number first. */
  async function links (before: number, limit: number, query: Query = db): Promise<Link[]> {
    return await query<Link>`
      select number, hash, previous, key_id, signature, (extract(epoch from kept_from) * 1000000)::bigint as kept_from
      from audit_seals
      where number < ${before}
      order by number desc
      limit ${limit}`
  }

  /** The first events after an id, sealed or not, in the order of their ids; those that share an id by time. */
  async function events (after: number, limit: number): Promise<StoredEvent[]> {
    return await db<StoredEvent>`
      select ${contentColumns(db)}
      from audit_events
      where id > ${after}
      order by id, at
      limit ${limit}`
  }

  /**
   * The subjects whose key is gone although nothing has erased them: an account or a vendor without the event of its
   * erasure, or a registration that is still there.
   */
  async function lostKeys (): Promise<string[]> {
    const lost = await db<{ id: string }>`
      select distinct a.subject_id::text as id
      from audit_events a
      where a.event in ('user_created', 'vendor_created', 'registration_created')
        and a.personal is not null
        and not exists (select from subject_keys k where k.subject_id = a.subject_id)
        and (a.event <> 'registration_created' or exists (select from registrations r where r.id = a.subject_id))
        and not exists (
          select from audit_events d
          where d.subject_id = a.subject_id
            and d.event = 'user_deleted'
        )
      order by 1`
    return lost.map(({ id }) => id)
  }

  /** The number of the last seal (0 for none) and the snapshot of this moment. */
  async function horizon (): Promise<{ last: number, snapshot: string }> {
    const [row] = await db<{ last: number, snapshot: string }>`
      select coalesce(max(number), 0) as last, pg_current_snapshot()::text as snapshot
      from audit_seals`
    if (!row) throw new Error('an aggregate always has a row')
    return row
  }
}
