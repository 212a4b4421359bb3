import type { EndReason } from '../errors.ts'
import type { Database, Transaction } from '../stores/database.ts'

type ChangeKind =
  | 'session_ended'
  | 'user_epoch'
  | 'everyone'
  | 'user_changed'
  | 'vendor_changed'
  | 'roles_changed'
  | 'keys_changed'

/** A change that every node must know at once; one row of the feed. */
export interface Change {
  kind: ChangeKind
  /** The session, user or vendor that has changed. */
  subjectId: string | null
  /** The one session of the user that survives a raise of the epoch. */
  exceptId: string | null
  /** The new epoch or version. */
  number: number | null
  reason: EndReason | null
}

/** A change that is to be written. A field that is left out is null. */
export type NewChange = Pick<Change, 'kind'> & Partial<Change>

/** Where a read stopped: the snapshot that it saw, and when the server that answered was started. */
export interface Cursor { snapshot: string, server: string }

/** The changes of one read, the cursor for the next read, and the time of Postgres (ms since 1970). */
export interface Tail { changes: Change[], next: Cursor, time: number }

export type ChangeStore = ReturnType<typeof createChangeStore>

export function createChangeStore (db: Database) {
  const now = db.fragment`
    select pg_current_snapshot()::text as snapshot,
           pg_postmaster_start_time()::text as server,
           extract(epoch from clock_timestamp()) * 1000 as time`

  return { append, since, recent, firstRaise }

  /** Writes a change in the transaction of its cause. Only the unit of work calls it, because that publishes it. */
  async function append (tx: Transaction, { kind, ...change }: NewChange): Promise<Change> {
    const { subjectId = null, exceptId = null, number = null, reason = null } = change
    await tx`
      insert into changes (kind, subject_id, except_id, number, reason)
      values (${kind}, ${subjectId}, ${exceptId}, ${number}, ${reason})`
    return { kind, subjectId, exceptId, number, reason }
  }

  /**
   * All changes that have become visible since `from`, the `next` of an earlier read. Each change is returned exactly
   * once, however late it commits and however long another transaction stays open. Null when another server answers
   * than in that read, or the same one after a restart: it may lack changes of the other, and its transaction numbers
   * mean something else.
   */
  async function since (from: Cursor): Promise<Tail | null> {
    const { next, ...found } = tail(await db<TailRow>`
      select c.kind, c.subject_id, c.except_id, c.number, c.reason, now.snapshot, now.server, now.time
      from (${now}) as now
      left join changes c
        on c.xid >= pg_snapshot_xmin(${from.snapshot}::pg_snapshot)
        and not pg_visible_in_snapshot(c.xid, ${from.snapshot}::pg_snapshot)
      order by c.seq`)
    return next.server === from.server ? { next, ...found } : null
  }

  /** All changes of the last `milliseconds`. A node starts with them. */
  async function recent (milliseconds: number): Promise<Tail> {
    return tail(await db<TailRow>`
      select c.kind, c.subject_id, c.except_id, c.number, c.reason, now.snapshot, now.server, now.time
      from (${now}) as now
      left join changes c on c.at > clock_timestamp() - ${milliseconds} * interval '1 millisecond'
      order by c.seq`)
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

type TailRow = Omit<Change, 'kind'> & Cursor & { kind: ChangeKind | null, time: string }

// When there is nothing new, the left join gives one row without a change.
function tail (rows: TailRow[]): Tail {
  const [first] = rows
  if (!first) throw new Error('the feed always has a row')

  return {
    changes: rows.flatMap(({ kind, subjectId, exceptId, number, reason }) =>
      kind ? [{ kind, subjectId, exceptId, number, reason }] : []),
    next: { snapshot: first.snapshot, server: first.server },
    time: Number(first.time)
  }
}
