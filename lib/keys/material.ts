import { createPrivateKey, createPublicKey, generateKeyPair, randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Encryption } from '../crypto/encryption.ts'
import type { KeyTurn } from './rotation.ts'
import type { PublicJwk, StoredKey } from './signing-key-store.ts'

const generate = promisify(generateKeyPair)

/**
 * Makes an ES256 key (RFC 7518, P-256) under a random id, its private half encrypted for the database. Its MAC is
 * written when it is saved.
 */
export async function makeKey (turn: Omit<KeyTurn, 'id'>, encryption: Encryption): Promise<StoredKey> {
  const { publicKey, privateKey } = await generate('ec', { namedCurve: 'P-256' })
  const id = randomUUID()
  return {
    id,
    publicKey: publicJwk(publicKey),
    privateKey: encryptPrivateKey(id, privateKey, encryption),
    mac: null,
    isInherited: false,
    ...turn
  }
}

/** The private half as the database has it: PKCS #8, encrypted with the id of its row as context. */
export function encryptPrivateKey (id: string, key: KeyObject, encryption: Pick<Encryption, 'encrypt'>): Buffer {
  return encryption.encrypt(key.export({ format: 'der', type: 'pkcs8' }), id)
}

/** The private half, or null if it does not decrypt. */
export function tryToDecrypt (key: StoredKey, encryption: Pick<Encryption, 'decrypt'>): KeyObject | null {
  try {
    return decryptPrivateKey(key, encryption)
  } catch {
    return null
  }
}

/** Whether a private half belongs to the public half of a row. */
export function isPair (privateKey: KeyObject, { publicKey: { x, y } }: Pick<StoredKey, 'publicKey'>): boolean {
  const derived = publicJwk(createPublicKey(privateKey))
  return derived.x === x && derived.y === y
}

/** The public half as a key object that verifies. */
export function readPublicKey ({ publicKey: { kty, crv, x, y } }: Pick<StoredKey, 'publicKey'>): KeyObject {
  return createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' })
}

// Throws if none of the keys of `encryption` fits, or if the ciphertext comes from another row.
function decryptPrivateKey ({ id, privateKey }: StoredKey, encryption: Pick<Encryption, 'decrypt'>): KeyObject {
  return createPrivateKey({ key: encryption.decrypt(privateKey, id), format: 'der', type: 'pkcs8' })
}

function publicJwk (key: KeyObject): PublicJwk {
  const { x, y } = key.export({ format: 'jwk' })
  if (x === undefined || y === undefined) throw new Error('not a key of P-256')
  return { kty: 'EC', crv: 'P-256', x, y }
}
