import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { sha256 } from './sha256.ts'

/** Authenticated encryption of data that is kept in a store. */
export type Encryption = ReturnType<typeof createEncryption>

const keyIdBytes = 4
const ivBytes = 12
const tagBytes = 16
const headBytes = keyIdBytes + ivBytes

/**
 * AES-256-GCM. The first key encrypts, all of them decrypt. A box is key id (4) ‖ iv (12) ‖ ciphertext ‖ tag (16), in
 * bytes. `context` is the additional data: a box that was moved to another row does not decrypt.
 * @param keys 32 bytes each, the newest first
 */
export function createEncryption (keys: Buffer[]) {
  const ring = keys.map(key => ({ id: sha256(key).subarray(0, keyIdBytes), key }))
  const [current] = ring
  if (!current) throw new Error('no key to encrypt with')

  /** Every box begins with the id of its key; `keyId` is that of the first, `keyIds` are those of all. */
  return {
    encrypt: encrypt.bind(null, current),
    decrypt,
    tryDecrypt,
    keyId: current.id,
    keyIds: ring.map(({ id }) => id)
  }

  /** Like `decrypt`, but returns null for a box that does not decrypt. */
  function tryDecrypt (box: Buffer, context: string): Buffer | null {
    try {
      return decrypt(box, context)
    } catch {
      return null
    }
  }

  /**
   * Decrypts a box. Throws an Error if no listed key has encrypted it, or if it was encrypted under another context.
   */
  function decrypt (box: Buffer, context: string): Buffer {
    const entry = ring.find(({ id }) => id.equals(box.subarray(0, keyIdBytes)))
    if (!entry || box.length < headBytes + tagBytes) throw new Error('encrypted under a key that is not listed')

    const decipher = createDecipheriv('aes-256-gcm', entry.key, box.subarray(keyIdBytes, headBytes))
    decipher.setAAD(Buffer.from(context))
    decipher.setAuthTag(box.subarray(-tagBytes))
    return Buffer.concat([decipher.update(box.subarray(headBytes, -tagBytes)), decipher.final()])
  }
}

function encrypt ({ id, key }: { id: Buffer, key: Buffer }, plain: Buffer, context: string): Buffer {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(Buffer.from(context))
  return Buffer.concat([id, iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}
