import { createHmac, randomBytes } from 'node:crypto'
import { createEncryption } from '../crypto/encryption.ts'
import type { Encryption } from '../crypto/encryption.ts'
import type { Caller } from '../http/caller.ts'
import type { AuditEventStore } from './event-store.ts'
import type { EventRow, NewEvent } from './event.ts'
import type { EventMacs } from './macs.ts'
import type { Query } from '../stores/database.ts'

/** The account or registration that an event is about. Its wrapped key is null once it has been erased. */
export interface Subject { id: string, wrappedKey: Buffer | null }

/** An event to be recorded. Its name comes from the OWASP logging vocabulary where that has one. */
export interface AuditEvent {
  event: string
  outcome: 'success' | 'failure'
  reason?: string
  /** The user who acted, where that is known. */
  actorId?: string
  /** Null for an address without an account. */
  subject: Subject | null
  sessionId?: string
  caller: Caller
  /** The canonical address, for an event without a subject; kept as an HMAC. */
  address?: string
  /** Other personal data, encrypted under the subject's key. Never a secret. */
  personal?: Record<string, unknown>
}

export type Audit = ReturnType<typeof createAudit>

export type AuditReader = ReturnType<Audit['createReader']>

/** What is needed of an event's row to read its personal data. */
type EncryptedRow = Pick<EventRow, 'event' | 'subjectId' | 'wrappedKey' | 'personal'>

/**
 * The audit trail. Personal data (client address, user agent, values before and after a change) is encrypted
 * under a key of its subject, and that key is wrapped under `ENCRYPTION_KEY`. So erasing a person means erasing
 * one key, and no row of the trail changes.
 */
export function createAudit (store: AuditEventStore, { wrapping, anonymous, addressKeys, macs }: {
  /** Wraps the keys of subjects. */
  wrapping: Encryption
  /** Encrypts the personal data of events without a subject, under a key of the deployment. */
  anonymous: Encryption
  /** The keys of the HMAC of an address; the first one is used. */
  addressKeys: Buffer[]
  macs: Pick<EventMacs, 'sign'>
}) {
  const [addressKey = Buffer.alloc(0)] = addressKeys

  return { record, recordAll, prepare, createSubject, createSubjects, read, createReader }

  /**
   * Writes an event and returns its id, by which a notice refers to it. Pass the transaction of what it records,
   * where there is one.
   */
  async function record (query: Query, event: AuditEvent): Promise<number> {
    return await store.insert(query, prepare(event))
  }

  /** Writes many events by one statement, in the given order. */
  async function recordAll (query: Query, events: AuditEvent[]) {
    await store.insertAll(query, events.map(prepare))
  }

  /** The row of an event, encrypted: for a statement that writes it together with its cause. */
  function prepare (entry: AuditEvent): NewEvent {
    const { event, outcome, reason, actorId, subject, sessionId, caller, address, personal } = entry
    const row = {
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
    return { ...row, mac: macs.sign({ ...row, addressHmac: hexOf(row.addressHmac), personal: hexOf(row.personal) }) }
  }

  /** Makes and stores the key of a new subject. Call it before the subject's first event. */
  async function createSubject (query: Query, id: string): Promise<Subject> {
    const [subject = { id, wrappedKey: null }] = await createSubjects(query, [id])
    return subject
  }

  /** Makes and stores the keys of many new subjects, by one statement. */
  async function createSubjects (query: Query, ids: string[]): Promise<Subject[]> {
    const subjects = ids.map(id => ({ id, wrappedKey: wrapping.encrypt(randomBytes(32), id) }))
    await store.insertKeys(query, subjects)
    return subjects
  }

  /**
   * The personal data of an event; null when its subject's key has been erased or cannot be unwrapped.
   * @throws Error when the ciphertext was not made by us for this event and subject
   */
  function read (event: string, subject: Subject | null, personal: Buffer): Record<string, unknown> | null {
    return decrypt(keyOf(subject), event, subject, personal)
  }

  /**
   * A `read` for the rows of one page, that unwraps the key of each subject once. Drop it with the page. It returns
   * null for an event without personal data, too.
   */
  function createReader () {
    const keys = new Map<string | null, Encryption | null>()
    return ({ event, subjectId: id, wrappedKey, personal }: EncryptedRow): Record<string, unknown> | null => {
      if (personal === null) return null
      const subject = id === null ? null : { id, wrappedKey }
      if (!keys.has(id)) keys.set(id, keyOf(subject))
      return decrypt(keys.get(id) ?? null, event, subject, personal)
    }
  }

  function decrypt (key: Encryption | null, event: string, subject: Subject | null, personal: Buffer) {
    return key && JSON.parse(key.decrypt(personal, context(event, subject)).toString())
  }

  function encryptPersonal (event: string, subject: Subject | null, personal: Record<string, unknown>): Buffer | null {
    return keyOf(subject)?.encrypt(Buffer.from(JSON.stringify(personal)), context(event, subject)) ?? null
  }

  // A subject without a key has been erased: no personal data about it is written any more. The same holds where the
  // key was wrapped under an ENCRYPTION_KEY that is not listed: an event without personal data is better than a
  // login that fails.
  function keyOf (subject: Subject | null): Encryption | null {
    if (!subject) return anonymous
    const key = subject.wrappedKey && wrapping.tryDecrypt(subject.wrappedKey, subject.id)
    return key && createEncryption([key])
  }
}

function hexOf (bytes: Buffer | null): string | null {
  return bytes && bytes.toString('hex')
}

function context (event: string, subject: Subject | null) {
  return `${event} ${subject?.id ?? ''}`
}
