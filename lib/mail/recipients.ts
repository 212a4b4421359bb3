import { createEncryption } from '../crypto/encryption.ts'
import type { Reader } from './subject-store.ts'

export type EncryptedRecipients = ReturnType<typeof createEncryptedRecipients>

/** What a box is bound to: no other ciphertext of these keys decrypts as a recipient. */
const context = 'recipient'

/**
 * Recipients in the jobs of mails to people who are no longer in the store: what lies in the queue is
 * ciphertext, and it goes with the job.
 * @param keys one for each ENCRYPTION_KEY in use; the first encrypts, all of them decrypt
 */
export function createEncryptedRecipients (keys: Buffer[]) {
  const encryption = createEncryption(keys)

  return { encrypt, decrypt }

  /** Encrypts the recipient of a mail, in base64. */
  function encrypt ({ email, fullName, locale }: Reader): string {
    return encryption.encrypt(Buffer.from(JSON.stringify({ email, fullName, locale })), context).toString('base64')
  }

  /** The recipient in a box; null for what cannot be decrypted. */
  function decrypt (box: string): Reader | null {
    const plain = encryption.tryDecrypt(Buffer.from(box, 'base64'), context)
    return plain && readerOf(JSON.parse(plain.toString()))
  }
}

function readerOf ({ email, fullName, locale }: Record<string, unknown>): Reader | null {
  if (typeof email !== 'string' || typeof fullName !== 'string' || typeof locale !== 'string') return null
  return { email, fullName, locale }
}
