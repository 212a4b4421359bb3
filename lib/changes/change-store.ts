import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EndReason } from '../errors.ts'
import type { Change, ChangeKind, VendorStatus } from './change.ts'
import type { Database, Transaction } from '../stores/database.ts'

/** A change that is to be written. A field that is left out is null. */
export type NewChange = Pick<Change, 'kind'> & Partial<Change>

/** Where a read stopped: the snapshot that it saw, and when the server that answered was started. */
export interface Cursor { snapshot: string, server: string }

/** The changes of one read, the cursor for the next read, and the time of Postgres (ms since 1970). */
export interface Tail { changes: Change[], next: Cursor, time: number }

export type ChangeStore = ReturnType<typeof createChangeStore>

/**
 * @param options.pageRows how many rows one statement returns. Those of a page are worked upon in one go, which takes
 * about two milliseconds for 500
 */
export function createChangeStore (db: Database, { pageRows = 500 } = {}) {
  const now = db.fragment`
    select pg_current_snapshot()::text as snapshot,
           pg_postmaster_start_time()::text as server,
           extract(epoch from clock_timestamp()) * 1000 as time`
  // A look-up by the primary key, for changes of vendors alone.
  const vendorStatus = db.fragment`
    (select v.status from vendors v where c.kind = 'vendor_changed' and v.id = c.subject_id) as vendor_status`

  return { append, since, recent, firstRaise }

  /** Writes a change in the transaction of its cause. Only the unit of work calls it, because that publishes it. */
  async function append (tx: Transaction, { kind, ...change }: NewChange): Promise<Change> {
    const { subjectId = null, exceptId = null, number = null, reason = null, vendorStatus } = change
    await tx`
      insert into changes (kind, subject_id, except_id, number, reason)
      values (${kind}, ${subjectId}, ${exceptId}, ${number}, ${reason})`
    return { kind, subjectId, exceptId, number, reason, ...(vendorStatus && { vendorStatus }) }
  }

  /**
   * All changes that have become visible since `from`, the `next` of an earlier read. Each change is returned exactly
   * once, however late it commits and however long another transaction stays open. Null when another server answers
   * than in that read, or the same one after a restart: it may lack changes of the other, and its transaction numbers
   * mean something else.
   */
  async function since (from: Cursor): Promise<Tail | null> {
    let last = pageOf(await firstRowsSince(from))
    const { next, time, changes } = last
    while (last.next.server === from.server && last.rows === pageRows) {
      last = pageOf(await rowsSince(from, next, last.lastSeq))
      changes.push(...last.changes)
    }
    return last.next.server === from.server ? { next, time, changes } : null
  }

  // They are found by their transactions before they are put in order. Otherwise Postgres might walk through the whole
  // table in the order of its numbers until it has found enough.
  async function firstRowsSince (from: Cursor): Promise<TailRow[]> {
    return await db<TailRow>`
      with found as materialized (
        select seq, kind, subject_id, except_id, number, reason
        from changes
        where xid >= pg_snapshot_xmin(${from.snapshot}::pg_snapshot)
          and not pg_visible_in_snapshot(xid, ${from.snapshot}::pg_snapshot)
      )
      select c.seq, c.kind, c.subject_id, c.except_id, c.number, c.reason, ${vendorStatus},
             now.snapshot, now.server, now.time
      from (${now}) as now
      left join (select * from found order by seq limit ${pageRows}) as c on true
      order by c.seq`
  }

  /**
   * The next rows after `lastSeq`, of those that the first statement has seen. No condition fits another index than
   * that of the numbers: otherwise Postgres might find all of them anew for each page.
   */
  async function rowsSince (from: Cursor, seen: Cursor, lastSeq: number | null): Promise<TailRow[]> {
    return await db<TailRow>`
      select c.seq, c.kind, c.subject_id, c.except_id, c.number, c.reason, ${vendorStatus},
             now.snapshot, now.server, now.time
      from (${now}) as now
      left join (
        select seq, kind, subject_id, except_id, number, reason
        from changes
        where seq > ${lastSeq}
          and not pg_visible_in_snapshot(xid, ${from.snapshot}::pg_snapshot)
          and pg_visible_in_snapshot(xid, ${seen.snapshot}::pg_snapshot)
        order by seq
        limit ${pageRows}
      ) as c on true
      order by c.seq`
  }

  /**
   * The changes of the last `milliseconds`: of each kind and subject the newest one, in the order of their times, those
   * of a page in that of their numbers. A node starts with them. They are read in pages, so that no flood of changes
   * makes one statement too long. The cursor is from before the first page, so the next read returns what has become
   * visible meanwhile.
   */
  async function recent (milliseconds: number): Promise<Tail> {
    const [start] = await db<Cursor & { time: string, at: string }>`
      select now.*, (clock_timestamp() - ${milliseconds} * interval '1 millisecond')::text as at
      from (${now}) as now`
    if (!start) throw new Error('Postgres does not tell the time')

    const newest = new Map<string, { seq: number, change: Change }>()
    for (let last: PageEnd | null = { at: start.at, seq: 0 }; last !== null;) {
      const rows: PageRow[] = await page(last)
      for (const row of rows.sort((a, b) => a.seq - b.seq)) {
        const subject = `${row.kind} ${row.subjectId}`
        if ((newest.get(subject)?.seq ?? 0) > row.seq) continue
        // A key that is set again has to be removed to lose its old position.
        newest.delete(subject)
        newest.set(subject, { seq: row.seq, change: changeOf(row) })
      }
      last = rows[0] ? { at: rows[0].lastAt, seq: rows[0].lastSeq } : null
    }

    const changes: Change[] = []
    for (const { change } of newest.values()) {
      if (changes.push(change) % pageRows === 0) await nextTurn()
    }
    return { changes, next: { snapshot: start.snapshot, server: start.server }, time: Number(start.time) }
  }

  /** Of the next rows by time, the newest one of each kind and subject; each with the end of the page. */
  async function page ({ at, seq }: PageEnd): Promise<PageRow[]> {
    return await db<PageRow>`
      with page as materialized (
        select seq, at, kind, subject_id, except_id, number, reason
        from changes
        where (at, seq) > (${at}::timestamptz, ${seq})
        order by at, seq
        limit ${pageRows}
      )
      select distinct on (c.kind, c.subject_id)
             c.seq, c.kind, c.subject_id, c.except_id, c.number, c.reason, ${vendorStatus},
             last.at::text as last_at, last.seq as last_seq
      from page c
      cross join (select at, seq from page order by at desc, seq desc limit 1) as last
      order by c.kind, c.subject_id, c.seq desc`
  }

  /**
   * Why a session with outdated epochs has ended: the reason of the first raise that it did not survive. Null when the
   * row of that raise has already been deleted.
   */
  async function firstRaise ({ sessionId, userId, userEpoch, globalEpoch }: {
    sessionId: string
    userId: string
    userEpoch: number
    globalEpoch: number
  }): Promise<EndReason | null> {
    const [raise] = await db<{ reason: EndReason }>`
      select reason
      from changes
      where (kind = 'user_epoch' and subject_id = ${userId} and number > ${userEpoch}
             and except_id is distinct from ${sessionId})
         or (kind = 'everyone' and subject_id is null and number > ${globalEpoch})
      order by seq
      limit 1`
    return raise?.reason ?? null
  }
}

/** The last row of a page. `at` is as Postgres writes it, because a Date would lose the microseconds. */
interface PageEnd { at: string, seq: number }

type PageRow = StoredChange & { seq: number, lastAt: string, lastSeq: number }

/** A change as a statement returns it. */
type StoredChange = Omit<Change, 'vendorStatus'> & { vendorStatus: VendorStatus | null }

type TailRow = Omit<StoredChange, 'kind'> & Cursor & { kind: ChangeKind | null, seq: number | null, time: string }

/** The changes of a page, of how many rows it is, and which number is the last one. */
interface TailPage extends Tail { rows: number, lastSeq: number | null }

// When there is nothing new, the left join gives one row without a change.
function pageOf (rows: TailRow[]): TailPage {
  const [first, last] = [rows[0], rows.at(-1)]
  if (!first || !last) throw new Error('the feed always has a row')

  const changes = rows.flatMap(({ kind, ...row }) => kind ? [changeOf({ kind, ...row })] : [])
  return {
    changes,
    rows: changes.length,
    lastSeq: last.seq,
    next: { snapshot: first.snapshot, server: first.server },
    time: Number(first.time)
  }
}

function changeOf ({ kind, subjectId, exceptId, number, reason, vendorStatus }: StoredChange): Change {
  return { kind, subjectId, exceptId, number, reason, ...(vendorStatus && { vendorStatus }) }
}
