import { createHash, timingSafeEqual } from 'node:crypto'
import type { ForeignHash } from './foreign-hashes.ts'
import type { HashThreads } from './hash-threads.ts'

export interface ForeignVerifierParts {
  /** Verifies against a hash of any argon2. */
  verifyArgon2: (phc: string, password: Buffer) => Promise<boolean>
  call: HashThreads['call']
}

type Of<Scheme extends ForeignHash['scheme']> = Extract<ForeignHash, { scheme: Scheme }>

/** The memory that scrypt may take; the bounds on foreign hashes allow less. */
const scryptBytesMax = 2 ** 30

/** Whether a hash of another system is that of a password, which is not normalised. */
export type ForeignVerifier = (hash: ForeignHash, password: string) => Promise<boolean>

/** Verifies against hashes of other systems, in the threads that do all hashing, and in constant time. */
export function createForeignVerifier ({ verifyArgon2, call }: ForeignVerifierParts): ForeignVerifier {
  return verify

  async function verify (hash: ForeignHash, password: string): Promise<boolean> {
    switch (hash.scheme) {
      case 'argon2': return await verifyArgon2(hash.phc, Buffer.from(password))
      case 'bcrypt': return await verifyBcrypt(hash, password)
      case 'scrypt': return isKey(hash.key, await deriveScrypt(hash, password))
      case 'pbkdf2': return isKey(hash.key, await derivePbkdf2(hash, password))
    }
  }

  async function deriveScrypt ({ N, r, p, salt, key }: Of<'scrypt'>, password: string) {
    return await call('crypto', 'scryptSync', [password, salt, key.length, { N, r, p, maxmem: scryptBytesMax }])
  }

  async function derivePbkdf2 ({ iterations, digest, salt, key }: Of<'pbkdf2'>, password: string) {
    return await call('crypto', 'pbkdf2Sync', [password, salt, iterations, key.length, digest])
  }

  // Bcrypt uses the first 72 bytes, as it did where the hash comes from. In C a NUL ends a password, in other
  // implementations `abc` and `abc\0abc` give one key. Nobody types a NUL, so a password with one is never right.
  async function verifyBcrypt ({ mcf, isDigested }: Of<'bcrypt'>, password: string) {
    const text = isDigested ? createHash('sha256').update(password).digest('hex') : password
    return await call('bcrypt', 'compareSync', [text, mcf]) === true && !text.includes('\0')
  }
}

function isKey (key: Buffer, derived: unknown) {
  return derived instanceof Uint8Array && derived.length === key.length && timingSafeEqual(derived, key)
}
