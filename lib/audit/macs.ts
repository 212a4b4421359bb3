import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { netstrings } from '../crypto/netstrings.ts'
import { sha256 } from '../crypto/sha256.ts'
import type { EventFields } from './event.ts'

/** What a MAC says about its event. `unknown`: it names a key that is not listed (any more), so nothing can be said. */
export type Authenticity = 'valid' | 'invalid' | 'missing' | 'unknown'

/** What a MAC covers: what the writer of an event decides. Postgres decides its id, time and transaction. */
export interface Authenticated extends EventFields {
  /** Hexadecimal. */
  addressHmac: string | null
  /** The ciphertext in hexadecimal. */
  personal: string | null
}

export type EventMacs = ReturnType<typeof createEventMacs>

const keyIdBytes = 8
const timeBytes = 6
const nonceBytes = 16
const macBytes = keyIdBytes + nonceBytes + 32
/** The most that the time of a MAC and the time of its event may differ: clocks differ, and transactions take time. */
export const macToleranceMs = 900_000

/**
 * Authenticates events by HMAC-SHA-256, so that an event that somebody else has inserted is noticed. A MAC
 * begins with the id of its key (8 bytes) and a nonce: the time in milliseconds (6 bytes, big-endian) and 10 random
 * bytes. So a MAC that is copied to another event is noticed by its time, or by the nonce that occurs twice within
 * `macToleranceMs`.
 * @param keys 32 bytes each; the first one signs, all of them verify
 * @param now the time (ms since 1970) by the clock of Postgres, which dates the events, whatever this machine's shows
 */
export function createEventMacs (keys: Buffer[], now: () => number = Date.now) {
  const known = new Map(keys.map(key => [idOf(key).toString('hex'), key]))
  const [key] = keys
  if (!key) throw new Error('no key to authenticate events with')
  const [signing, signingId] = [key, idOf(key)]

  return { sign, check }

  function sign (event: Authenticated): Buffer {
    const time = Buffer.alloc(timeBytes)
    time.writeUIntBE(Math.floor(now()), 0, timeBytes)
    const nonce = Buffer.concat([time, randomBytes(nonceBytes - timeBytes)])
    return Buffer.concat([signingId, nonce, hmac(signing, nonce, event)])
  }

  /** @param event with its time in microseconds since 1970 and its MAC in hexadecimal */
  function check (event: Authenticated & { at: number, mac: string | null }): Authenticity {
    if (event.mac === null) return 'missing'
    const mac = Buffer.from(event.mac, 'hex')
    if (mac.length !== macBytes) return 'invalid'

    const key = known.get(mac.subarray(0, keyIdBytes).toString('hex'))
    if (!key) return 'unknown'
    const nonce = mac.subarray(keyIdBytes, keyIdBytes + nonceBytes)
    const isAuthentic = timingSafeEqual(hmac(key, nonce, event), mac.subarray(keyIdBytes + nonceBytes))
    return isAuthentic && Math.abs(nonce.readUIntBE(0, timeBytes) - event.at / 1000) <= macToleranceMs
      ? 'valid'
      : 'invalid'
  }
}

/** The part of a MAC that no other event has; for one that is `valid`. */
export function nonceOf (mac: string): string {
  return mac.slice(keyIdBytes * 2, (keyIdBytes + nonceBytes) * 2)
}

function idOf (key: Buffer): Buffer {
  return sha256(Buffer.concat([Buffer.from('latchkey audit mac key'), key])).subarray(0, keyIdBytes)
}

function hmac (key: Buffer, nonce: Buffer, event: Authenticated): Buffer {
  return createHmac('sha256', key).update(netstrings([
    'latchkey audit mac 1',
    nonce.toString('hex'),
    event.event,
    event.outcome,
    event.reason,
    lowerCase(event.actorId),
    lowerCase(event.subjectId),
    lowerCase(event.sessionId),
    event.requestId,
    event.addressHmac,
    event.personal
  ])).digest()
}

// Postgres gives a UUID back in lower case, however it was written.
function lowerCase (uuid: string | null): string | null {
  return uuid === null ? null : uuid.toLowerCase()
}

/** Microseconds that all nodes have to begin with MACs, or with a new key, after the first one has. */
const changeoverMicros = 86_400_000_000

/**
 * Decides from when on an event must have a valid MAC. The seals say so, and nobody can forge them. Where the first
 * sealed events have MACs, all events must have one. Where a trail is older than MACs, every event that is sealed a day
 * or more after the first event with a MAC must have one. A key that is not listed any more is accepted until a day
 * after the first seal under a later key.
 */
export function createMacRules () {
  let signedFrom = Infinity
  let hasUnsigned = false
  let retiredUntil = -Infinity
  let sealedAt = -Infinity
  let tolerated = 0

  return {
    begin,
    isWrong,
    /** Events that were accepted although their MAC is missing or cannot be checked any more. */
    tolerated: () => tolerated
  }

  /**
   * Continues with the events of the next seal, or with those that wait for their seal.
   * @param isRetired whether the key that has signed the seal is not known any more
   * @param found the verdicts on the MACs of the events that the seal covers
   */
  function begin (seal: { sealedAt: number, isRetired: boolean }, found: Authenticity[]) {
    sealedAt = seal.sealedAt
    if (seal.isRetired) retiredUntil = Infinity
    else if (retiredUntil === Infinity) retiredUntil = sealedAt + changeoverMicros

    hasUnsigned ||= found.includes('missing')
    if (signedFrom === Infinity && found.some(one => one === 'valid' || one === 'unknown')) {
      signedFrom = sealedAt + (hasUnsigned ? changeoverMicros : 0)
    }
  }

  /** Whether the MAC of an event of this seal is refused: it is invalid, or missing or unknown when it must not be. */
  function isWrong (authenticity: Authenticity): boolean {
    const isWrong = authenticity === 'invalid' ||
      (authenticity === 'missing' && sealedAt >= signedFrom) ||
      (authenticity === 'unknown' && sealedAt > retiredUntil)
    if (authenticity !== 'valid' && !isWrong) tolerated++
    return isWrong
  }
}
