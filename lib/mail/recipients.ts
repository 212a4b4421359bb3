import { createEncryption } from '../crypto/encryption.ts'
import type { Reader } from './subject-store.ts'

export type SealedRecipients = ReturnType<typeof createSealedRecipients>

/** What a box is bound to: no other ciphertext of these keys opens as a recipient. */
const context = 'recipient'

/**
 * Recipients in the jobs of mails to people who are no longer in the store: what lies in the queue is
 * ciphertext, and it goes with the job.
 * @param keys one for each ENCRYPTION_KEY in use; the first seals, all of them open
 */
export function createSealedRecipients (keys: Buffer[]) {
  const { encrypt, open: decrypt } = createEncryption(keys)

  return { seal, open }

  /** Makes a box in base64 of who gets a mail. */
  function seal ({ email, fullName, locale }: Reader): string {
    return encrypt(Buffer.from(JSON.stringify({ email, fullName, locale })), context).toString('base64')
  }

  /** Whom a box names; null for what does not open. */
  function open (box: string): Reader | null {
    const plain = decrypt(Buffer.from(box, 'base64'), context)
    return plain && readerOf(JSON.parse(plain.toString()))
  }
}

function readerOf ({ email, fullName, locale }: Record<string, unknown>): Reader | null {
  if (typeof email !== 'string' || typeof fullName !== 'string' || typeof locale !== 'string') return null
  return { email, fullName, locale }
}
