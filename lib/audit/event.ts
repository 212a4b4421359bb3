/** The fields in clear that every form of an audit event has. Null if the event has no such value. */
export interface EventFields {
  /** Its name, from the OWASP logging vocabulary where that has one. */
  event: string
  outcome: 'success' | 'failure'
  reason: string | null
  /** The user who acted. */
  actorId: string | null
  /** The account or registration that the event is about. */
  subjectId: string | null
  sessionId: string | null
  requestId: string | null
}

/** An event to be inserted. `personal` is ciphertext already. */
export interface NewEvent extends EventFields {
  requestId: string
  addressHmac: Buffer | null
  personal: Buffer | null
  /** See `createEventMacs`. */
  mac: Buffer
}

/** An event as readers get it. `personal` is ciphertext. */
export interface EventRow extends EventFields {
  id: number
  at: Date
  personal: Buffer | null
  /** The wrapped key of the subject; null where there is no subject, or where its key has been erased. */
  wrappedKey: Buffer | null
}

/** An event as its hash covers it: everything in its row except the id and the MAC. */
export interface EventContent extends EventFields {
  /** The number of the transaction that wrote it. */
  xid: string
  /** Microseconds since 1970. */
  at: number
  /** Hexadecimal. */
  addressHmac: string | null
  /** The ciphertext in hexadecimal. Erasing a person deletes a key elsewhere, so nothing here changes. */
  personal: string | null
}

/** An event to be sealed or verified. Its MAC is hexadecimal, and null if it was written before there were MACs. */
export type StoredEvent = EventContent & { id: number, mac: string | null }
