import { createPrivateKey, createPublicKey, sign as signWith, verify as verifyWith } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { sha256 } from '../crypto/sha256.ts'

/** Checks signatures of seals and cannot make any. */
export interface SealVerifier {
  /** Whether the key with that id has signed a hash; null when the key is not known. */
  verify (hash: Buffer, signature: Buffer, keyId: Buffer): boolean | null
  /** Whether the key with that id is known. */
  knows (keyId: Buffer): boolean
}

export type SealSigner = ReturnType<typeof createSealSigner>

const keyIdLength = 8

// The DER bytes before the 32 bytes of an Ed25519 key (RFC 8410), as PKCS #8 and as SPKI.
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * Signs the hashes of seals with Ed25519 (RFC 8032). An HMAC would not do: the key that checks one can also forge
 * one, and an auditor must hold a key that can only check.
 * @param seeds 32 bytes each. The first one gives the key that signs; signatures of all of them are accepted.
 */
export function createSealSigner (seeds: Buffer[]) {
  const keys = seeds.map(seed => (
    createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' })
  ))
  const publicKeys = keys.map(key => (
    createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length)
  ))
  const [key] = keys
  const [publicKey] = publicKeys
  if (!key || !publicKey) throw new Error('no key to sign with')
  const [signing, keyId] = [key, idOf(publicKey)]

  return { sign, publicKeys, ...createSealVerifier(publicKeys) }

  function sign (hash: Buffer): { keyId: Buffer, signature: Buffer } {
    return { keyId, signature: signWith(null, messageOf(hash), signing) }
  }
}

/** @param publicKeys 32 bytes each: the `publicKeys` of `createSealSigner` */
export function createSealVerifier (publicKeys: Buffer[]): SealVerifier {
  const known = new Map<string, KeyObject>(publicKeys.map(key => [
    idOf(key).toString('hex'),
    createPublicKey({ key: Buffer.concat([publicPrefix, key]), format: 'der', type: 'spki' })
  ]))

  return {
    knows: keyId => known.has(keyId.toString('hex')),
    verify (hash, signature, keyId) {
      const key = known.get(keyId.toString('hex'))
      return key ? verifyWith(null, messageOf(hash), key, signature) : null
    }
  }
}

function idOf (publicKey: Buffer): Buffer {
  return sha256(publicKey).subarray(0, keyIdLength)
}

function messageOf (hash: Buffer): Buffer {
  return Buffer.concat([Buffer.from('latchkey audit seal\0'), hash])
}
