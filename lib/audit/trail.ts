import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Audit, AuditReader } from './audit.ts'
import type { Caller } from '../http/caller.ts'
import type { Cursors } from '../http/cursors.ts'
import { escapeFormula, formatCsv } from '../formats/csv.ts'
import { Refusal } from '../errors.ts'
import type { EventRow } from './event.ts'
import type { AuditTrailStore, TrailFilter } from './trail-store.ts'
import type { Database } from '../stores/database.ts'
import type { UserStore } from '../users/user-store.ts'

/** An event as the API answers it. */
export interface ShownEvent {
  id: number
  at: string
  event: string
  outcome: 'success' | 'failure'
  reason: string | null
  actor_id: string | null
  subject_id: string | null
  session_id: string | null
  request_id: string | null
  /** Null where there is none, or where its key has been erased. */
  personal: Record<string, unknown> | null
}

export interface TrailPage { events: ShownEvent[], next_cursor: string | null }

/** The user who reads the trail. */
export interface TrailReader { userId: string, sessionId: string, caller: Caller }

export type TrailFormat = 'ndjson' | 'csv'

export interface AuditTrailParts {
  database: Database
  trail: AuditTrailStore
  users: Pick<UserStore, 'find'>
  audit: Pick<Audit, 'record' | 'createReader'>
  cursors: Cursors
}

export type AuditTrail = ReturnType<typeof createAuditTrail>

const pageLength = 100
/** Rows that one statement of a stream reads: none takes long then, however long the stream is. */
const streamPageLength = 100
/** Rows that are decrypted and written as text in one go. Others have a turn of the main thread between them. */
const rowsAtOnce = 25

const columns = [
  'id', 'at', 'event', 'outcome', 'reason', 'actor_id', 'subject_id', 'session_id', 'request_id', 'personal'
] as const

/** The trail for users who may read all of it. Every read is an event of the trail itself. */
export function createAuditTrail ({ database, trail, users, audit, cursors }: AuditTrailParts) {
  return { list, stream }

  /**
   * A page of 100 events, the latest first, and the cursor of the next page (null after the last).
   * @throws Refusal `invalid_request` for a cursor of another list, or for a `from` that is not before `to`
   */
  async function list (filter: TrailFilter, cursor: string | undefined, reader: TrailReader): Promise<TrailPage> {
    const position = cursors.decrypt(filter, cursor)
    const { low, high } = await boundsOf(filter)
    await record(filter, 'json', reader)

    const from = position ? Math.min(high, Number(position.id)) : high
    const rows = await trail.before(filter, { low, high: from, limit: pageLength + 1 })
    const last = rows[pageLength - 1]
    const events: ShownEvent[] = []
    for await (const some of show(rows.slice(0, pageLength))) events.push(...some)
    return {
      events,
      next_cursor: rows.length > pageLength && last ? cursors.encrypt(filter, { key: '', id: String(last.id) }) : null
    }
  }

  /**
   * All events up to now, the earliest first, as text: a line of JSON or CSV each. Rows are read as the receiver
   * takes them, and no more once the receiver has gone. If a store fails on the way, the text breaks off.
   * @param cursor is refused: it belongs to a page, and a stream is the whole
   * @throws Refusal `invalid_request` for a cursor, or for a `from` that is not before `to`
   */
  async function stream (
    filter: TrailFilter, format: TrailFormat, cursor: string | undefined, reader: TrailReader
  ): Promise<Readable> {
    if (cursor !== undefined) throw invalid('/cursor', 'not_allowed', 'belongs to the pages of json')
    const { low, high } = await boundsOf(filter)
    const last = await record(filter, format, reader)
    return Readable.from(write(filter, format, { low, high: Math.min(high, last + 1) }), { objectMode: false })
  }

  async function * write (
    filter: TrailFilter, format: TrailFormat, { low, high }: { low: number, high: number }
  ): AsyncGenerator<string> {
    const line = format === 'csv' ? csvLine : jsonLine
    if (format === 'csv') yield formatCsv([...columns]) + '\r\n'
    for (let from = low, isMore = true; isMore;) {
      const rows = await trail.after(filter, { low: from, high, limit: streamPageLength })
      for await (const events of show(rows)) yield events.map(line).join('')
      from = (rows.at(-1)?.id ?? from) + 1
      isMore = rows.length === streamPageLength
    }
  }

  async function boundsOf ({ from, to }: TrailFilter): Promise<{ low: number, high: number }> {
    if (!isTime(from)) throw invalid('/from', 'wrong_format', 'must be a valid date-time')
    if (!isTime(to)) throw invalid('/to', 'wrong_format', 'must be a valid date-time')
    if (from && to && from >= to) throw invalid('/to', 'before_from', 'must be later than from')
    return {
      low: from ? await trail.idNear(from, { late: false }) : 0,
      high: to ? await trail.idNear(to, { late: true }) : Number.MAX_SAFE_INTEGER
    }
  }

  async function record (
    filter: TrailFilter, format: string, { userId, sessionId, caller }: TrailReader
  ): Promise<number> {
    const { actorId, subjectId, event, from, to } = filter
    return await audit.record(database, {
      event: 'sensitive_read',
      outcome: 'success',
      reason: 'audit_events',
      actorId: userId,
      subject: await users.find(userId) ?? { id: userId, wrappedKey: null },
      sessionId,
      caller,
      personal: { asked: { actor: actorId, subject: subjectId, event, from, to, format } }
    })
  }

  async function * show (rows: EventRow[]): AsyncGenerator<ShownEvent[]> {
    const read = audit.createReader()
    for (let start = 0; start < rows.length; start += rowsAtOnce) {
      await nextTurn()
      yield rows.slice(start, start + rowsAtOnce).map(row => showOne(row, read))
    }
  }
}

function showOne (row: EventRow, read: AuditReader): ShownEvent {
  return {
    id: row.id,
    at: row.at.toISOString(),
    event: row.event,
    outcome: row.outcome,
    reason: row.reason,
    actor_id: row.actorId,
    subject_id: row.subjectId,
    session_id: row.sessionId,
    request_id: row.requestId,
    personal: personalOf(row, read)
  }
}

// A ciphertext that cannot be decrypted is shown as null. The command `audit-verify` finds out if it was altered.
function personalOf (row: EventRow, read: AuditReader): Record<string, unknown> | null {
  try {
    return read(row)
  } catch {
    return null
  }
}

/** False for a text that passes as a `date-time` and that no `Date` can hold: a leap second, an offset of hours. */
function isTime (time: Date | null): boolean {
  return time === null || !Number.isNaN(time.getTime())
}

function invalid (path: string, code: string, message: string): Refusal {
  return new Refusal('invalid_request', { errors: [{ path, code, message }] })
}

function jsonLine (event: ShownEvent): string {
  return JSON.stringify(event) + '\n'
}

function csvLine (event: ShownEvent): string {
  return formatCsv(columns.map(column => escapeFormula(textOf(event[column])))) + '\r\n'
}

function textOf (value: ShownEvent[keyof ShownEvent]): string {
  if (value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
