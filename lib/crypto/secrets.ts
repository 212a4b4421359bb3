import { hkdfSync } from 'node:crypto'
import type { Purpose } from './purposes.ts'

/** Keys for every purpose, derived from the deployment's `ENCRYPTION_KEY`. */
export type Secrets = ReturnType<typeof createSecrets>

/**
 * Derives one key a purpose from each listed encryption key (HKDF-SHA-256, RFC 5869), in their
 * order: the first one makes, all of them read. A purpose names everything the key must not be
 * shared with, the issuer for instance.
 */
export function createSecrets (encryptionKeys: Buffer[]) {
  return {
    /** One 32-byte key for each encryption key, the making one first. */
    derive (purpose: Purpose) {
      return encryptionKeys.map(key => Buffer.from(hkdfSync('sha256', key, 'latchkey', purpose, 32)))
    }
  }
}
