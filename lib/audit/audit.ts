import { createHmac, randomBytes } from 'node:crypto'
import { createEncryption } from '../crypto/encryption.ts'
import type { Encryption } from '../crypto/encryption.ts'
import type { Caller } from '../http/caller.ts'
import type { AuditEventStore, AuditRow } from './event-store.ts'
import type { Query } from '../stores/database.ts'

/** Whom an event is about: an account or a registration, with its wrapped key. */
export interface Subject { id: string, wrappedKey: Buffer | null }

/** An event, named after the OWASP logging vocabulary where that has a name for it. */
export interface AuditEvent {
  event: string
  outcome: 'success' | 'failure'
  reason?: string
  /** Who did it, when that is known. */
  actorId?: string
  /** Null for an address without an account. */
  subject: Subject | null
  sessionId?: string
  caller: Caller
  /** The canonical address, for an event without a subject; kept as an HMAC. */
  address?: string
  /** What else is personal: readable only with the subject's key. Never a secret. */
  personal?: Record<string, unknown>
}

export type Audit = ReturnType<typeof createAudit>

/**
 * The audit trail. What is personal (client address, user agent, before and after) is ciphertext
 * under a key of its subject, and that key is wrapped under `ENCRYPTION_KEY`: erasing the key erases
 * the person without touching a row. Without a subject the ciphertext is under a key of the deployment.
 */
export function createAudit (store: AuditEventStore, { wrapping, anonymous, addressKeys: [addressKey = Buffer.alloc(0)] }: {
  wrapping: Encryption, anonymous: Encryption, addressKeys: Buffer[]
}) {
  return { record, recordAll, prepare, createSubject, createSubjects, read }

  /** Writes an event, in the transaction of what it records where there is one. Returns its id, by which a notice finds it. */
  async function record (query: Query, event: AuditEvent): Promise<number> {
    return await store.insert(query, prepare(event))
  }

  /** As `record`, for many events in one statement. */
  async function recordAll (query: Query, events: AuditEvent[]) {
    await store.insertAll(query, events.map(prepare))
  }

  /** The row of an event, sealed, for a statement that writes it along with its cause. */
  function prepare ({ event, outcome, reason, actorId, subject, sessionId, caller, address, personal }: AuditEvent): AuditRow {
    return {
      event,
      outcome,
      reason: reason ?? null,
      actorId: actorId ?? null,
      subjectId: subject?.id ?? null,
      sessionId: sessionId ?? null,
      requestId: caller.requestId,
      addressHmac: address === undefined ? null : createHmac('sha256', addressKey).update(address).digest(),
      personal: encryptPersonal(event, subject, { ip: caller.ip, user_agent: caller.userAgent, ...personal })
    }
  }

  /** Makes the key of a new subject; the subject is known to the trail from its first event. */
  async function createSubject (query: Query, id: string): Promise<Subject> {
    const [subject = { id, wrappedKey: null }] = await createSubjects(query, [id])
    return subject
  }

  /** As `createSubject`, for many in one statement. */
  async function createSubjects (query: Query, ids: string[]): Promise<Subject[]> {
    const subjects = ids.map(id => ({ id, wrappedKey: wrapping.encrypt(randomBytes(32), id) }))
    await store.insertKeys(query, subjects)
    return subjects
  }

  /** What is personal in a row, or null when its subject's key has been erased. */
  function read (event: string, subject: Subject | null, personal: Buffer): Record<string, unknown> | null {
    const encryption = keyOf(subject)
    return encryption && JSON.parse(encryption.decrypt(personal, context(event, subject)).toString())
  }

  function encryptPersonal (event: string, subject: Subject | null, personal: Record<string, unknown>): Buffer | null {
    return keyOf(subject)?.encrypt(Buffer.from(JSON.stringify(personal)), context(event, subject)) ?? null
  }

  // A subject whose key is gone has been erased: nothing personal is written about them any more. Nor
  // about one whose key was wrapped under an ENCRYPTION_KEY that is not listed: a trail that tells less
  // is better than a login that fails.
  function keyOf (subject: Subject | null): Encryption | null {
    if (!subject) return anonymous
    const key = subject.wrappedKey && wrapping.tryDecrypt(subject.wrappedKey, subject.id)
    return key && createEncryption([key])
  }
}

function context (event: string, subject: Subject | null) {
  return `${event} ${subject?.id ?? ''}`
}
