import { createHash } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Encryption } from '../crypto/encryption.ts'
import { readPublicKey, tryToDecrypt } from './material.ts'
import type { PublicJwk, StoredKey } from './signing-key-store.ts'

/** A key as the JWKS shows it. */
export type PublishedKey = PublicJwk & { kid: string, alg: 'ES256', use: 'sig' }

/** The key that signs and the keys that verify. It is replaced as a whole when the ring changes, never altered. */
export interface Ring {
  /** Null if this node's `ENCRYPTION_KEY` does not decrypt the active key. */
  readonly signing: { readonly kid: string, readonly privateKey: KeyObject } | null
  /** Every published key by its id, also those that do not sign yet or any more. */
  readonly verifying: ReadonlyMap<string, KeyObject>
  readonly jwks: { readonly keys: PublishedKey[] }
  /** A strong entity tag of `jwks`, quoted. */
  readonly etag: string
}

/** One read of the ring: its rows, the ring made of them, and why this node cannot sign, null if it can. */
export interface RingSnapshot { keys: StoredKey[], ring: Ring, problem: string | null }

/** Makes the ring of its rows. A key that `encryption` does not decrypt is a problem, unless it is retired. */
export function decryptRing (keys: StoredKey[], encryption: Pick<Encryption, 'decrypt'>): RingSnapshot {
  const usable = keys
    .filter(({ status }) => status !== 'retired')
    .map(key => ({ key, privateKey: tryToDecrypt(key, encryption) }))
  const unreadable = usable.filter(({ privateKey }) => privateKey === null).map(({ key }) => key.id)
  const active = usable.find(({ key }) => key.status === 'active')
  const jwks = { keys: keys.map(publish) }

  return {
    keys,
    ring: {
      signing: active?.privateKey ? { kid: active.key.id, privateKey: active.privateKey } : null,
      verifying: new Map(keys.map(key => [key.id, readPublicKey(key)])),
      jwks,
      etag: `"${createHash('sha256').update(JSON.stringify(jwks)).digest('base64url')}"`
    },
    problem: unreadable.length ? problemOf(unreadable) : null
  }
}

/** Whether two rings publish the same keys and sign with the same one. */
export function isSameRing (one: Ring, other: Ring) {
  return one.etag === other.etag && one.signing?.kid === other.signing?.kid
}

function publish ({ id, publicKey: { kty, crv, x, y } }: StoredKey): PublishedKey {
  return { kty, crv, x, y, kid: id, alg: 'ES256', use: 'sig' }
}

function problemOf (kids: string[]) {
  return `ENCRYPTION_KEY does not open the signing keys ${kids.join(', ')}: this node cannot sign. ` +
    'List the key that sealed them too, or, if it is lost, run `rotate-keys --compromised`.'
}
