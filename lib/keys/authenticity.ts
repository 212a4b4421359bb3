import { createHmac, timingSafeEqual } from 'node:crypto'
import { sha256 } from '../crypto/sha256.ts'
import type { StoredKey } from './signing-key-store.ts'

/** `unlisted`: authenticated under an encryption key that this node does not have, so it cannot judge the row. */
export type Verdict = 'authentic' | 'unlisted' | 'forged'

/** The part of a row that a MAC covers. The private half authenticates itself: it is encrypted with AES-GCM. */
export type AuthenticatedFields = Omit<StoredKey, 'privateKey' | 'mac' | 'isInherited'>

export type KeyAuthenticity = ReturnType<typeof createKeyAuthenticity>

const keyIdBytes = 4

/**
 * Authenticates the rows of the ring, so that nobody who can only write to the database can add a key, change one or
 * prolong it. A MAC is key id (4) ‖ HMAC-SHA-256 (32), in bytes. The first key signs, all of them verify.
 * @param keys 32 bytes each, the newest first
 */
export function createKeyAuthenticity (keys: Buffer[]) {
  const ring = keys.map(key => ({ id: sha256(key).subarray(0, keyIdBytes), key }))
  const [current] = ring
  if (!current) throw new Error('no key to authenticate with')

  return { sign: macOf.bind(null, current), verify }

  /** Judges a row by its MAC. One without a MAC is `forged`. */
  function verify (key: AuthenticatedFields & Pick<StoredKey, 'mac'>): Verdict {
    const { mac } = key
    if (mac === null) return 'forged'

    const entry = ring.find(({ id }) => id.equals(mac.subarray(0, keyIdBytes)))
    if (!entry) return 'unlisted'

    const expected = macOf(entry, key)
    return mac.length === expected.length && timingSafeEqual(mac, expected) ? 'authentic' : 'forged'
  }
}

function macOf ({ id, key }: { id: Buffer, key: Buffer }, row: AuthenticatedFields): Buffer {
  return Buffer.concat([id, createHmac('sha256', key).update(textOf(row)).digest()])
}

// JSON keeps the fields apart, and null apart from every time.
function textOf ({ id, publicKey, status, publishedAt, activatedAt, retiredAt, expiresAt }: AuthenticatedFields) {
  const { kty, crv, x, y } = publicKey
  return JSON.stringify([id, kty, crv, x, y, status, publishedAt, activatedAt, retiredAt, expiresAt])
}
