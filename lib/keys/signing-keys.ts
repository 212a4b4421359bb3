import type { Audit } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { Keyring } from './keyring.ts'

export type SigningKeys = ReturnType<typeof createSigningKeys>

/** What an operator does with the signing keys; what they do by themselves is the ring's. */
export function createSigningKeys ({ keyring, audit }: { keyring: Pick<Keyring, 'rotate' | 'replace'>, audit: Audit }) {
  return { rotate, replace }

  /** The next key signs as soon as verifiers can know it: now, or later by itself. See `Keyring.rotate`. */
  async function rotate (caller: Caller) {
    return await keyring.rotate(tx => audit.record(tx, { event: 'signing_key_rotated', outcome: 'success', subject: null, caller }))
  }

  /** Every key goes at once and everybody is signed out; answers the id of the key that signs now. */
  async function replace (caller: Caller): Promise<string> {
    return await keyring.replace(tx => audit.record(tx, {
      event: 'signing_keys_replaced', outcome: 'success', reason: 'compromised', subject: null, caller
    }))
  }
}
