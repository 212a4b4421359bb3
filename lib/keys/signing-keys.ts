import type { Audit } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { Keyring } from './keyring.ts'

export type SigningKeys = ReturnType<typeof createSigningKeys>

/**
 * The operator's commands for the signing keys, each with its audit event. `Keyring.maintain` does the rest by itself.
 */
export function createSigningKeys ({ keyring, audit }: { keyring: Pick<Keyring, 'rotate' | 'replace'>, audit: Audit }) {
  return { rotate, replace }

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
