import { sha256 } from '../crypto/sha256.ts'
import type { EventContent } from './event.ts'
import { netstrings } from '../crypto/netstrings.ts'

/** What a seal contains of an event: its id, its time (microseconds since 1970) and the hash of its content. */
export interface Leaf { id: number, at: number, hash: Buffer }

/** The content of a seal. Its hash covers all of it. Times are microseconds since 1970. */
export interface SealContent {
  /** 1, 2, 3, … */
  number: number
  /** Events in this seal. */
  events: number
  /** Events in all seals up to this one. */
  total: number
  /** The highest id of an event in any seal up to this one. */
  lastId: number
  /** The transaction in which the seal was made. */
  xid: string
  /** Which transactions' events are in this seal or an earlier one, as Postgres writes it: xmin:xmax:xip,… */
  snapshot: string
  /** Events of the transaction xmax up to this id are covered too; null for none. */
  through: number | null
  /** Events up to this id were sealed before the numbers of transactions began anew. */
  floor: number
  /** Events from before this time may have been dropped; null while all are kept. */
  keptFrom: number | null
  sealedAt: number
  /** See `encodeLeaves`. */
  leaves: Buffer
  /** The hash of the seal before. Seals that others have put in between are no part of the chain. */
  previous: Buffer
}

/** A seal as it is stored. */
export type StoredSeal = SealContent & { hash: Buffer, keyId: Buffer, signature: Buffer }

/** What the first seal names as the hash of the one before. */
export const genesis = Buffer.alloc(32)

const leafBytes = 48

/** The SHA-256 of an event's content. */
export function hashEvent (event: EventContent): Buffer {
  return sha256(netstrings([
    'latchkey audit event 1',
    event.xid,
    String(event.at),
    event.event,
    event.outcome,
    event.reason,
    event.actorId,
    event.subjectId,
    event.sessionId,
    event.requestId,
    event.addressHmac,
    event.personal
  ]))
}

/** The SHA-256 of the content of a seal. */
export function hashSeal (seal: SealContent): Buffer {
  return sha256(netstrings([
    'latchkey audit seal 1',
    String(seal.number),
    String(seal.events),
    String(seal.total),
    String(seal.lastId),
    seal.xid,
    seal.snapshot,
    textOf(seal.through),
    String(seal.floor),
    textOf(seal.keptFrom),
    String(seal.sealedAt),
    sha256(seal.leaves).toString('hex'),
    seal.previous.toString('hex')
  ]))
}

/** 48 bytes an event, one after the other: id and time as 64 bits each, big-endian, then the hash. */
export function encodeLeaves (leaves: Leaf[]): Buffer {
  const bytes = Buffer.alloc(leaves.length * leafBytes)

  leaves.forEach(({ id, at, hash }, index) => {
    bytes.writeBigInt64BE(BigInt(id), index * leafBytes)
    bytes.writeBigInt64BE(BigInt(at), index * leafBytes + 8)
    hash.copy(bytes, index * leafBytes + 16)
  })
  return bytes
}

/** The leaves that were encoded. An incomplete one at the end is ignored. */
export function decodeLeaves (bytes: Buffer): Leaf[] {
  return Array.from({ length: Math.floor(bytes.length / leafBytes) }, (_, index) => ({
    id: Number(bytes.readBigInt64BE(index * leafBytes)),
    at: Number(bytes.readBigInt64BE(index * leafBytes + 8)),
    hash: bytes.subarray(index * leafBytes + 16, (index + 1) * leafBytes)
  }))
}

/** A snapshot of Postgres (pg_snapshot): see "System Information Functions" in its manual. */
export interface Snapshot { xmin: bigint, xmax: bigint, xip: bigint[] }

/** Reads what Postgres writes: `xmin:xmax:xip,…`. */
export function readSnapshot (text: string): Snapshot {
  const [xmin = '0', xmax = '0', xip = ''] = text.split(':')
  return { xmin: BigInt(xmin), xmax: BigInt(xmax), xip: xip === '' ? [] : xip.split(',').map(BigInt) }
}

/** Whether a snapshot sees a transaction, provided that it was committed and not rolled back. */
export function isSeen ({ xmax, xip }: Snapshot, xid: bigint): boolean {
  return xid < xmax && !xip.includes(xid)
}

/** The snapshot that sees the same transactions below `end`, and none from `end` on. */
export function cutSnapshot (text: string, end: string): string {
  const { xmin, xip } = readSnapshot(text)
  const last = BigInt(end)
  return `${xmin < last ? xmin : last}:${last}:${xip.filter(xid => xid < last).join(',')}`
}

function textOf (number: number | null): string | null {
  return number === null ? null : String(number)
}
