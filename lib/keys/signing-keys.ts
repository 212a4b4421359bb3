import type { Audit } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { Keyring } from './keyring.ts'
import { inOrderOfTurns } from './rotation.ts'
import type { KeyTurn } from './rotation.ts'

export type SigningKeys = ReturnType<typeof createSigningKeys>

/** What is needed of the ring. */
type ChangedRing = Pick<Keyring, 'current' | 'keys' | 'turn' | 'rotate' | 'replace'>

/**
 * What administrators see of the signing keys, and the operator's commands, each with its audit event.
 * `Keyring.maintain` does the rest by itself.
 */
export function createSigningKeys ({ keyring, audit }: { keyring: ChangedRing, audit: Audit }) {
  return { list, rotate, replace }

  /**
   * What is public of each key, in the order in which they sign, as this node knows it: no store is asked. A key that
   * waits is shown with the time at which it takes over by itself. Not `complete` without the keys that this node
   * cannot judge.
   * @throws Refusal `unavailable` as `Keyring.current`
   */
  function list () {
    const takesOverAt = keyring.turn?.rotatesAt ?? null
    return {
      keys: inOrderOfTurns(keyring.keys).map(key => present({ ...key, activatedAt: key.activatedAt ?? takesOverAt })),
      complete: !keyring.current.isPartial
    }
  }

  /** Lets the next key sign as soon as verifiers can know it: now, or later by itself. See `Keyring.rotate`. */
  async function rotate (caller: Caller) {
    return await keyring.rotate(tx => audit.record(tx, {
      event: 'signing_key_rotated',
      outcome: 'success',
      subject: null,
      caller
    }))
  }

  /** Replaces every key at once and signs everybody out. Returns the id of the key that signs now. */
  async function replace (caller: Caller): Promise<string> {
    return await keyring.replace(tx => audit.record(tx, {
      event: 'signing_keys_replaced',
      outcome: 'success',
      reason: 'compromised',
      subject: null,
      caller
    }))
  }
}

function present ({ id, status, publishedAt, activatedAt, retiredAt, expiresAt }: KeyTurn) {
  return {
    kid: id,
    alg: 'ES256' as const,
    state: status,
    created_at: new Date(publishedAt).toISOString(),
    active_from: timeOf(activatedAt),
    retired_at: timeOf(retiredAt),
    expires_at: timeOf(expiresAt)
  }
}

function timeOf (milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString()
}
