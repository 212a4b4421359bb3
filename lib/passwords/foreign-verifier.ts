import { createHash, timingSafeEqual } from 'node:crypto'
import type { ForeignHash } from './foreign-hashes.ts'
import type { HashThreads } from './hash-threads.ts'

export interface ForeignVerifierParts {
  /** Compares with a hash of argon2, whichever. */
  verifyArgon2: (phc: string, password: Buffer) => Promise<boolean>
  call: HashThreads['call']
}

/** Whether a password, as it is, made a hash of another system. */
export type ForeignVerifier = (hash: ForeignHash, password: string) => Promise<boolean>

/** Compares with hashes of other systems, in the threads that do all hashing, and in constant time. */
export function createForeignVerifier ({ verifyArgon2, call }: ForeignVerifierParts): ForeignVerifier {
  return verify

  async function verify (hash: ForeignHash, password: string): Promise<boolean> {
    switch (hash.scheme) {
      case 'argon2': return await verifyArgon2(hash.phc, Buffer.from(password))
      case 'bcrypt': return await verifyBcrypt(hash, password)
      case 'scrypt': return isKey(hash.key, await call('crypto', 'scryptSync', [password, hash.salt, hash.key.length, { N: hash.N, r: hash.r, p: hash.p, maxmem: 2 ** 30 }]))
      case 'pbkdf2': return isKey(hash.key, await call('crypto', 'pbkdf2Sync', [password, hash.salt, hash.iterations, hash.key.length, hash.digest]))
    }
  }

  // Bcrypt sees 72 bytes and no more, as it did where the hash comes from. In C a NUL ended a password, elsewhere
  // `abc` and `abc\0abc` are one and the same key: nobody has typed one, so none is right.
  async function verifyBcrypt ({ mcf, isDigested }: Extract<ForeignHash, { scheme: 'bcrypt' }>, password: string) {
    const text = isDigested ? createHash('sha256').update(password).digest('hex') : password
    return await call('bcrypt', 'compareSync', [text, mcf]) === true && !text.includes('\0')
  }
}

function isKey (key: Buffer, derived: unknown) {
  return derived instanceof Uint8Array && derived.length === key.length && timingSafeEqual(derived, key)
}
