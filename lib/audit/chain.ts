import { createHash } from 'node:crypto'

/** An event of the trail as it stands in its row, save for its id. What is null in the row is null here. */
export interface EventContent {
  /** The number of its transaction. */
  xid: string
  /** Microseconds since 1970. */
  at: number
  event: string
  outcome: string
  reason: string | null
  actorId: string | null
  subjectId: string | null
  sessionId: string | null
  requestId: string | null
  /** Hexadecimal. */
  addressHmac: string | null
  /** The ciphertext, hexadecimal. Who is erased loses its key, so nothing here changes by that. */
  personal: string | null
}

/** What a seal knows of an event: which, from when (microseconds since 1970), and the hash of its content. */
export interface Leaf { id: number, at: number, hash: Buffer }

/** What a seal says, all of which its hash covers. Times are microseconds since 1970. */
export interface SealContent {
  /** 1, 2, 3, … */
  number: number
  /** Events in this one, and in all up to it. */
  events: number
  total: number
  /** The highest id of an event in any seal up to this one. */
  lastId: number
  /** The transaction in which the seal was made. */
  xid: string
  /** Which transactions' events are in this seal or one before, in the words of Postgres: xmin:xmax:xip,… */
  snapshot: string
  /** Of the transaction xmax those events, too, whose id is not higher; null for none. */
  through: number | null
  /** Events up to this id were in seals before the numbers of transactions began anew. */
  floor: number
  /** Events from before may be gone; null as long as all are kept. */
  keptFrom: number | null
  sealedAt: number
  leaves: Buffer
  /** The hash of the seal before; what somebody else has put in between is no part of the chain. */
  previous: Buffer
}

/** What the first seal names as the hash of the one before. */
export const genesis = Buffer.alloc(32)

const leafLength = 48

/** The SHA-256 of an event's content. */
export function hashEvent ({ xid, at, event, outcome, reason, actorId, subjectId, sessionId, requestId, addressHmac, personal }: EventContent): Buffer {
  const fields = ['latchkey audit event 1', xid, String(at), event, outcome, reason, actorId, subjectId, sessionId, requestId, addressHmac, personal]
  return sha256(join(fields))
}

/** The SHA-256 of all that a seal says. */
export function hashSeal ({ number, events, total, lastId, xid, snapshot, through, floor, keptFrom, sealedAt, leaves, previous }: SealContent): Buffer {
  const fields = [
    'latchkey audit seal 1', String(number), String(events), String(total), String(lastId), xid, snapshot, textOf(through), String(floor),
    textOf(keptFrom), String(sealedAt), sha256(leaves).toString('hex'), previous.toString('hex')
  ]
  return sha256(join(fields))
}

/** 48 bytes for each event, one after the other: id and time as 64 bits each, the most significant first, and the hash. */
export function encodeLeaves (leaves: Leaf[]): Buffer {
  const bytes = Buffer.alloc(leaves.length * leafLength)

  leaves.forEach(({ id, at, hash }, place) => {
    bytes.writeBigInt64BE(BigInt(id), place * leafLength)
    bytes.writeBigInt64BE(BigInt(at), place * leafLength + 8)
    hash.copy(bytes, place * leafLength + 16)
  })
  return bytes
}

/** The events that leaves name. What is left over at the end is none. */
export function decodeLeaves (bytes: Buffer): Leaf[] {
  return Array.from({ length: Math.floor(bytes.length / leafLength) }, (_, place) => ({
    id: Number(bytes.readBigInt64BE(place * leafLength)),
    at: Number(bytes.readBigInt64BE(place * leafLength + 8)),
    hash: bytes.subarray(place * leafLength + 16, (place + 1) * leafLength)
  }))
}

/** A snapshot in the words of Postgres. */
export interface Snapshot { xmin: bigint, xmax: bigint, xip: bigint[] }

export function readSnapshot (text: string): Snapshot {
  const [xmin = '0', xmax = '0', xip = ''] = text.split(':')
  return { xmin: BigInt(xmin), xmax: BigInt(xmax), xip: xip === '' ? [] : xip.split(',').map(BigInt) }
}

/** Whether a transaction had been committed in the eyes of a snapshot, if it has been at all. */
export function isSeen ({ xmax, xip }: Snapshot, xid: bigint): boolean {
  return xid < xmax && !xip.includes(xid)
}

/** The snapshot that sees the same of the transactions below `end` and nothing of the others. */
export function cutSnapshot (text: string, end: string): string {
  const { xmin, xip } = readSnapshot(text)
  const last = BigInt(end)
  return `${xmin < last ? xmin : last}:${last}:${xip.filter(xid => xid < last).join(',')}`
}

// Netstrings (cr.yp.to/proto/netstrings.txt), the lengths in bytes, and a hyphen for nothing: no two lists of
// fields are one text.
function join (fields: (string | null)[]): string {
  return fields.map(field => field === null ? '-' : `${Buffer.byteLength(field)}:${field},`).join('')
}

function textOf (number: number | null): string | null {
  return number === null ? null : String(number)
}

function sha256 (data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest()
}
