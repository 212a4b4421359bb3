import { Readable } from 'node:stream'
import type { Audit } from './audit.ts'
import type { Caller } from '../http/caller.ts'
import type { Cursors } from '../http/cursors.ts'
import { formatCsv } from '../formats/csv.ts'
import { Refusal } from '../errors.ts'
import type { AuditTrailStore, TrailEvent, TrailFilter } from './trail-store.ts'
import type { Database } from '../stores/database.ts'
import type { UserStore } from '../users/user-store.ts'

/** An event as it is shown. */
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
  /** Null where there is nothing, or nobody can read it any more. */
  personal: Record<string, unknown> | null
}

export interface TrailPage { events: ShownEvent[], next_cursor: string | null }

/** Who reads. */
export interface TrailReader { userId: string, sessionId: string, caller: Caller }

export type TrailFormat = 'ndjson' | 'csv'

export interface AuditTrailParts {
  database: Database
  trail: AuditTrailStore
  users: Pick<UserStore, 'find'>
  audit: Pick<Audit, 'record' | 'read'>
  cursors: Cursors
}

export type AuditTrail = ReturnType<typeof createAuditTrail>

const pageLength = 100
/** Rows of a stream that are read at once: a short statement each, so that none is long however long the stream. */
const streamLength = 500

const columns = ['id', 'at', 'event', 'outcome', 'reason', 'actor_id', 'subject_id', 'session_id', 'request_id', 'personal'] as const

/** The trail for those who may read all of it. That they do stands in it, too. */
export function createAuditTrail ({ database, trail, users, audit, cursors }: AuditTrailParts) {
  return { list, stream }

  /**
   * A page of events, the latest first, and where the next one begins.
   * @throws Refusal `invalid_request` for a cursor of another list, or times that leave nothing between them
   */
  async function list (filter: TrailFilter, cursor: string | undefined, reader: TrailReader): Promise<TrailPage> {
    const place = cursors.decrypt(filter, cursor)
    const { low, high } = await boundsOf(filter)
    await record(filter, 'json', reader)

    const from = place ? Math.min(high, Number(place.id)) : high
    const rows = await trail.before(filter, { low, high: from, limit: pageLength + 1 })
    const last = rows[pageLength - 1]
    return {
      events: rows.slice(0, pageLength).map(show),
      next_cursor: rows.length > pageLength && last ? cursors.encrypt(filter, { key: '', id: String(last.id) }) : null
    }
  }

  /**
   * All events up to now, the earliest first, as text. It is read while it is sent and no faster than it is
   * taken, and no further when nobody takes it any more; if a store fails on the way the text breaks off.
   * @throws Refusal as `list`
   */
  async function stream (filter: TrailFilter, format: TrailFormat, reader: TrailReader): Promise<Readable> {
    const { low, high } = await boundsOf(filter)
    const last = await record(filter, format, reader)
    return Readable.from(write(filter, format, { low, high: Math.min(high, last + 1) }), { objectMode: false })
  }

  async function * write (filter: TrailFilter, format: TrailFormat, { low, high }: { low: number, high: number }): AsyncGenerator<string> {
    const line = format === 'csv' ? csvLine : jsonLine

    if (format === 'csv') yield formatCsv([...columns]) + '\r\n'
    for (let from = low, isMore = true; isMore;) {
      const rows = await trail.after(filter, { low: from, high, limit: streamLength })
      if (rows.length > 0) yield rows.map(row => line(show(row))).join('')
      from = (rows.at(-1)?.id ?? from) + 1
      isMore = rows.length === streamLength
    }
  }

  async function boundsOf ({ from, to }: TrailFilter): Promise<{ low: number, high: number }> {
    if (from && to && from >= to) throw new Refusal('invalid_request', { errors: [{ path: '/to', code: 'before_from', message: 'must be later than from' }] })
    return {
      low: from ? await trail.idNear(from, { late: false }) : 0,
      high: to ? await trail.idNear(to, { late: true }) : Number.MAX_SAFE_INTEGER
    }
  }

  async function record ({ actorId, subjectId, event, from, to }: TrailFilter, format: string, { userId, sessionId, caller }: TrailReader): Promise<number> {
    const subject = await users.find(userId) ?? { id: userId, wrappedKey: null }
    const asked = { actor: actorId, subject: subjectId, event, from, to, format }
    return await audit.record(database, { event: 'sensitive_read', outcome: 'success', reason: 'audit_events', actorId: userId, subject, sessionId, caller, personal: { asked } })
  }

  function show (row: TrailEvent): ShownEvent {
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
      personal: personalOf(row)
    }
  }

  // What does not open tells nothing. Whether somebody has changed it is for audit-verify to say.
  function personalOf ({ event, subjectId, personal, wrappedKey }: TrailEvent): Record<string, unknown> | null {
    try {
      return personal && audit.read(event, subjectId === null ? null : { id: subjectId, wrappedKey }, personal)
    } catch {
      return null
    }
  }
}

function jsonLine (event: ShownEvent): string {
  return JSON.stringify(event) + '\n'
}

function csvLine (event: ShownEvent): string {
  return formatCsv(columns.map(column => harmless(textOf(event[column])))) + '\r\n'
}

function textOf (value: ShownEvent[keyof ShownEvent]): string {
  if (value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

// A spreadsheet takes for a formula what begins like one; an apostrophe makes it text (OWASP, CSV injection).
function harmless (cell: string): string {
  return /^[=+\-@\t\r\n]/.test(cell) ? `'${cell}` : cell
}
