import type { NewEvent } from './event.ts'
import type { Query } from '../stores/database.ts'

export type AuditEventStore = ReturnType<typeof createAuditEventStore>

export function createAuditEventStore () {
  return { insert, insertAll, insertKeys }

  /** Appends an event and returns its id. Pass the transaction of its cause where there is one. */
  async function insert (query: Query, row: NewEvent): Promise<number> {
    const [event] = await query<{ id: number }>`
      insert into audit_events (
        event, outcome, reason, actor_id, subject_id, session_id, request_id, address_hmac, personal, mac
      )
      values (
        ${row.event}, ${row.outcome}, ${row.reason}, ${row.actorId}, ${row.subjectId}, ${row.sessionId},
        ${row.requestId}, ${row.addressHmac}, ${row.personal}, ${row.mac}
      )
      returning id`
    if (!event) throw new Error('an event that is written has an id')
    return event.id
  }

  /** Appends events in the given order, by one statement. */
  async function insertAll (query: Query, rows: NewEvent[]) {
    await query`
      insert into audit_events (
        event, outcome, reason, actor_id, subject_id, session_id, request_id, address_hmac, personal, mac
      )
      select *
      from unnest(
        ${rows.map(row => row.event)}::text[],
        ${rows.map(row => row.outcome)}::text[],
        ${rows.map(row => row.reason)}::text[],
        ${rows.map(row => row.actorId)}::uuid[],
        ${rows.map(row => row.subjectId)}::uuid[],
        ${rows.map(row => row.sessionId)}::uuid[],
        ${rows.map(row => row.requestId)}::text[],
        ${rows.map(row => row.addressHmac)}::bytea[],
        ${rows.map(row => row.personal)}::bytea[],
        ${rows.map(row => row.mac)}::bytea[]
      )`
  }

  /** Stores the wrapped keys of new subjects. */
  async function insertKeys (query: Query, subjects: { id: string, wrappedKey: Buffer }[]) {
    await query`
      insert into subject_keys (subject_id, wrapped_key)
      select *
      from unnest(
        ${subjects.map(({ id }) => id)}::uuid[],
        ${subjects.map(({ wrappedKey }) => wrappedKey)}::bytea[]
      )`
  }
}
