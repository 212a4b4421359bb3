import type { Query } from './database.ts'

/** One row of the audit trail, already sealed. */
export interface AuditRow {
  event: string
  outcome: 'success' | 'failure'
  reason: string | null
  actorId: string | null
  subjectId: string | null
  sessionId: string | null
  requestId: string
  addressHmac: Buffer | null
  personal: Buffer | null
}

export type AuditEventStore = ReturnType<typeof createAuditEventStore>

export function createAuditEventStore () {
  return { insert, insertKey }

  /** Appends an event; in a transaction when its cause has one. Returns its id. */
  async function insert (query: Query, row: AuditRow): Promise<number> {
    const [event] = await query<{ id: number }>`
      insert into audit_events (event, outcome, reason, actor_id, subject_id, session_id, request_id, address_hmac, personal)
      values (${row.event}, ${row.outcome}, ${row.reason}, ${row.actorId}, ${row.subjectId}, ${row.sessionId},
              ${row.requestId}, ${row.addressHmac}, ${row.personal})
      returning id`
    if (!event) throw new Error('an event that is written has an id')
    return event.id
  }

  /** Stores the wrapped key of a new subject. */
  async function insertKey (query: Query, subjectId: string, wrappedKey: Buffer) {
    await query`
      insert into subject_keys (subject_id, wrapped_key)
      values (${subjectId}, ${wrappedKey})`
  }
}
