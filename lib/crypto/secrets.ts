import { hkdfSync } from 'node:crypto'
import type { Purpose } from './purposes.ts'

/** Keys for every purpose, derived from the deployment's `ENCRYPTION_KEY`. */
export type Secrets = ReturnType<typeof createSecrets>

/**
 * Derives keys by HKDF-SHA-256 (RFC 5869): for each purpose one key from each encryption key, in their order. The first
 * derived key signs or encrypts, all of them verify or decrypt. A purpose names everything that must have another key,
 * the issuer for instance.
 */
export function createSecrets (encryptionKeys: Buffer[]) {
  return {
    /** One key of 32 bytes for each encryption key, in the same order. */
    derive (purpose: Purpose) {
      return encryptionKeys.map(key => Buffer.from(hkdfSync('sha256', key, 'latchkey', purpose, 32)))
    }
  }
}
