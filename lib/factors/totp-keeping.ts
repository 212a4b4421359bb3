import type { Encryption } from '../crypto/encryption.ts'
import { unavailable } from '../errors.ts'
import type { TotpSecret, TotpSecretStore } from './totp-secret-store.ts'

export type TotpKeeping = ReturnType<typeof createTotpKeeping>

/** How many secrets are read at once to be encrypted again. */
const batchRows = 500

/** Keeps the secrets of authenticator apps encrypted, under the newest key once a clean-up has run. */
export function createTotpKeeping ({ encryption, store }: {
  encryption: Encryption
  store: Pick<TotpSecretStore, 'listEncryptedOtherwise' | 'replaceCiphertext'>
}) {
  return { encrypt, decrypt, encryptAgain }

  function encrypt (id: string, secret: Buffer): Buffer {
    return encryption.encrypt(secret, contextOf(id))
  }

  /**
   * The secret of a row.
   * @throws Refusal `unavailable` if its key is not listed: without the secret nobody can tell whether a code is right,
   * and the password alone must not do
   */
  function decrypt ({ id, secret }: Pick<TotpSecret, 'id' | 'secret'>): Buffer {
    const plain = encryption.tryDecrypt(secret, contextOf(id))
    if (plain) return plain
    throw unavailable(new Error(
      'The secret of an authenticator app does not decrypt: ENCRYPTION_KEY must list the key that encrypted it.'
    ))
  }

  /**
   * Encrypts under the newest key what older ones have encrypted, and returns how many secrets those were. A secret
   * that does not decrypt stays as it is.
   */
  async function encryptAgain (signal?: AbortSignal): Promise<number> {
    for (let total = 0; ;) {
      const rows = await store.listEncryptedOtherwise(encryption.keyId, batchRows)
      const decrypted = rows.flatMap(row => {
        const plain = encryption.tryDecrypt(row.secret, contextOf(row.id))
        return plain ? [{ ...row, plain }] : []
      })
      for (const { id, secret, plain } of decrypted) await store.replaceCiphertext(id, secret, encrypt(id, plain))
      total += decrypted.length
      // What does not decrypt would be read again for ever.
      if (decrypted.length === 0 || rows.length < batchRows || signal?.aborted) return total
    }
  }
}

/** A ciphertext that was moved to another row does not decrypt. */
function contextOf (id: string) {
  return `totp ${id}`
}
