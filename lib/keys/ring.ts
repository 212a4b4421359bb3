import type { KeyObject } from 'node:crypto'
import type { Encryption } from '../crypto/encryption.ts'
import { sha256 } from '../crypto/sha256.ts'
import type { KeyAuthenticity, Verdict } from './authenticity.ts'
import { isPair, readPublicKey, tryToDecrypt } from './material.ts'
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
  /** Whether there are keys that this node cannot judge, because it lacks the `ENCRYPTION_KEY` they are under. */
  readonly isPartial: boolean
}

/** The rows of the ring by what they are worth. Only authentic ones count. */
export interface JudgedRows { keys: StoredKey[], unlisted: StoredKey[], forged: StoredKey[] }

/** One read of the ring: its rows, the ring made of them, and why this node cannot sign, null if it can. */
export interface RingSnapshot extends JudgedRows { ring: Ring, problem: string | null }

export interface RingSecrets {
  encryption: Pick<Encryption, 'decrypt'>
  authenticity: Pick<KeyAuthenticity, 'verify'>
}

/** Sorts the rows of the ring by what they are worth. */
export function judgeRows (rows: StoredKey[], secrets: RingSecrets): JudgedRows {
  const judged = rows.map(row => ({ row, verdict: judge(row, secrets) }))
  return { keys: those('authentic'), unlisted: those('unlisted'), forged: those('forged') }

  function those (verdict: Verdict) {
    return judged.filter(entry => entry.verdict === verdict).map(({ row }) => row)
  }
}

/**
 * Makes the ring of its rows. A key that cannot be judged or decrypted with what this node has is a problem, unless it
 * is retired.
 */
export function decryptRing (rows: StoredKey[], secrets: RingSecrets): RingSnapshot {
  const { keys, unlisted, forged } = judgeRows(rows, secrets)
  const usable = keys
    .filter(({ status }) => status !== 'retired')
    .map(key => ({ key, privateKey: tryToDecrypt(key, secrets.encryption) }))
  const unreadable = [
    ...unlisted.filter(({ status }) => status !== 'retired').map(({ id }) => id),
    ...usable.filter(({ privateKey }) => privateKey === null).map(({ key }) => key.id)
  ]
  const active = usable.find(({ key }) => key.status === 'active')
  const jwks = { keys: keys.map(publish) }

  return {
    keys,
    unlisted,
    forged,
    ring: {
      signing: active?.privateKey ? { kid: active.key.id, privateKey: active.privateKey } : null,
      verifying: new Map(keys.map(key => [key.id, readPublicKey(key)])),
      jwks,
      etag: `"${sha256(JSON.stringify(jwks)).toString('base64url')}"`,
      isPartial: unlisted.length > 0
    },
    problem: unreadable.length ? problemOf(unreadable) : null
  }
}

/**
 * Whether no row of the ring is under an `ENCRYPTION_KEY` that this node has, and there are rows under another: the
 * operator has exchanged the key alone, and this node has not been restarted with it.
 */
export function isOfOthers (rows: StoredKey[], secrets: RingSecrets): boolean {
  const { keys, unlisted } = judgeRows(rows, secrets)
  return keys.length === 0 && unlisted.length > 0
}

/** Whether two rings publish the same keys, sign with the same one, and are both partial or both not. */
export function isSameRing (one: Ring, other: Ring) {
  return one.etag === other.etag && one.signing?.kid === other.signing?.kid && one.isPartial === other.isPartial
}

// A row from before MACs counts if it is as the owner of the tables found it and its halves belong together. An
// attacker who can only write to the database cannot encrypt a private half.
function judge (row: StoredKey, { encryption, authenticity }: RingSecrets): Verdict {
  if (row.mac !== null || !row.isInherited) return authenticity.verify(row)

  const privateKey = tryToDecrypt(row, encryption)
  if (!privateKey) return 'unlisted'
  return isPair(privateKey, row) ? 'authentic' : 'forged'
}

function publish ({ id, publicKey: { kty, crv, x, y } }: StoredKey): PublishedKey {
  return { kty, crv, x, y, kid: id, alg: 'ES256', use: 'sig' }
}

function problemOf (kids: string[]) {
  return `ENCRYPTION_KEY does not decrypt the signing keys ${kids.join(', ')}: this node cannot sign. ` +
    'List the key that encrypted them too, or, if it is lost, run `rotate-keys --compromised`.'
}
