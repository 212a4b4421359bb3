import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

/** Authenticated encryption of what rests in a store. */
export type Encryption = ReturnType<typeof createEncryption>

const idLength = 4
const ivLength = 12
const tagLength = 16

/**
 * AES-256-GCM under the first key; decrypts what any listed key has encrypted. A box is
 * key id (4) ‖ iv (12) ‖ ciphertext ‖ tag (16). `context` is the additional data: a box moved to
 * another row cannot be decrypted.
 */
export function createEncryption (keys: Buffer[]) {
  const ring = keys.map(key => ({ id: createHash('sha256').update(key).digest().subarray(0, idLength), key }))
  const [current] = ring
  if (!current) throw new Error('no key to encrypt with')

  return { encrypt: encrypt.bind(null, current), decrypt, tryDecrypt }

  /** As `decrypt`, but null for what cannot be decrypted. */
  function tryDecrypt (box: Buffer, context: string): Buffer | null {
    try {
      return decrypt(box, context)
    } catch {
      return null
    }
  }

  /** Throws when no listed key decrypts the box or the context is another one. */
  function decrypt (box: Buffer, context: string): Buffer {
    const entry = ring.find(({ id }) => id.equals(box.subarray(0, idLength)))
    if (!entry || box.length < idLength + ivLength + tagLength) throw new Error('encrypted under a key that is not listed')

    const decipher = createDecipheriv('aes-256-gcm', entry.key, box.subarray(idLength, idLength + ivLength))
    decipher.setAAD(Buffer.from(context))
    decipher.setAuthTag(box.subarray(-tagLength))
    return Buffer.concat([decipher.update(box.subarray(idLength + ivLength, -tagLength)), decipher.final()])
  }
}

function encrypt ({ id, key }: { id: Buffer, key: Buffer }, plain: Buffer, context: string): Buffer {
  const iv = randomBytes(ivLength)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(Buffer.from(context))
  return Buffer.concat([id, iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}
