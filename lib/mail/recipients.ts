import { createEncryption } from '../crypto/encryption.ts'
import type { Reader } from './subject-store.ts'

export type EncryptedRecipients = ReturnType<typeof createEncryptedRecipients>

/** The encryption context: no other ciphertext under these keys decrypts as a recipient. */
const context = 'recipient'

/**
 * Recipients of mails to people who are no longer in the store. The job contains the ciphertext, which is deleted with
 * the job.
 * @param keys one for each ENCRYPTION_KEY in use; the first encrypts, all of them decrypt
 */
export function createEncryptedRecipients (keys: Buffer[]) {
  const encryption = createEncryption(keys)

  return { encrypt, decrypt }

  /** Encrypts the recipient of a mail, in base64. */
  function encrypt ({ email, fullName, locale }: Reader): string {
    return encryption.encrypt(Buffer.from(JSON.stringify({ email, fullName, locale })), context).toString('base64')
  }

  /** The recipient in a ciphertext (base64); null for one that cannot be decrypted. */
  function decrypt (ciphertext: string): Reader | null {
    const plain = encryption.tryDecrypt(Buffer.from(ciphertext, 'base64'), context)
    return plain && readerOf(JSON.parse(plain.toString()))
  }
}

function readerOf ({ email, fullName, locale }: Record<string, unknown>): Reader | null {
  if (typeof email !== 'string' || typeof fullName !== 'string' || typeof locale !== 'string') return null
  return { email, fullName, locale }
}
