import { Refusal } from '../errors.ts'
import { readForeignHash } from './foreign-hashes.ts'
import type { ForeignHash } from './foreign-hashes.ts'
import type { ForeignVerifier } from './foreign-verifier.ts'
import type { HashScheduler, HashTurn } from './hash-scheduler.ts'

/** The cost of argon2id: memory in KiB, passes and degree of parallelism (RFC 9106 §3.1). */
export interface HashParameters { memoryKib: number, passes: number, parallelism: number }

/** Hashes passwords into PHC strings. Passed in, so that one plugin owns the binding and tests may use a cheap one. */
export interface Hasher {
  /** A hash under a fresh salt of 16 bytes or more. */
  hash (password: Buffer, parameters: HashParameters): Promise<string>
  /** Whether this is the hash of the password. Rejects if the hash cannot be read. */
  verify (hash: string, password: Buffer): Promise<boolean>
}

export type Passwords = Awaited<ReturnType<typeof createPasswords>>

/**
 * Stored passwords: argon2id over the NFC form (ASVS 5.0 11.4.2; NIST SP 800-63B-4 §3.1.1.2). Hashes that other systems
 * made are verified too, until they are replaced. Every hash goes through the scheduler, except the decoy, which is
 * made at start.
 */
export async function createPasswords (
  hasher: Hasher, scheduler: HashScheduler, parameters: HashParameters, verifyForeign: ForeignVerifier
) {
  // Unknown addresses are verified against it: the same work as for a real hash with today's parameters.
  const decoy = await hasher.hash(Buffer.from('decoy'), parameters)

  return { hash, verify, needsRehash, problemOf, assertRoom: scheduler.assertRoom, stats: scheduler.stats }

  /**
   * The PHC string to store.
   * @throws Refusal `overloaded`
   */
  async function hash (password: string, turn: HashTurn): Promise<string> {
    return scheduler.run(turn, () => hasher.hash(bytesOf(password), parameters))
  }

  /**
   * Whether the stored hash is that of the password. If there is no hash (unknown address, no password), or it cannot
   * be used, the same work is done and the answer is no.
   * @throws Refusal `overloaded`; `unavailable` if the work was not done: then the password may be right
   */
  async function verify (stored: string | null, password: string, turn: HashTurn): Promise<boolean> {
    const verifyStored = stored === null ? null : verifierOf(stored)

    return scheduler.run(turn, async () => {
      const matches = await (verifyStored ?? verifyDecoy)(password).catch(error => {
        if (error instanceof Refusal) throw error
        return verifyDecoy(password)
      })

      return matches && isWellFormed(password)
    })
  }

  /** Whether the hash has other parameters than today's, or is another system's. Then hash again after a login. */
  function needsRehash (stored: string): boolean {
    const made = parametersOf(stored)

    return made?.memoryKib !== parameters.memoryKib ||
      made.passes !== parameters.passes ||
      made.parallelism !== parameters.parallelism
  }

  /** Why a hash from another system cannot be stored, as the end of a sentence; null if it can. */
  function problemOf (stored: string): string | null {
    if (!needsRehash(stored)) return null
    const foreign = readForeignHash(stored)
    return 'problem' in foreign ? foreign.problem : null
  }

  /** What verifies passwords against a stored hash; null if the hash cannot be used. */
  function verifierOf (stored: string): ((password: string) => Promise<boolean>) | null {
    if (parametersOf(stored)) return password => hasher.verify(stored, bytesOf(password))
    const foreign = readForeignHash(stored)
    return 'problem' in foreign ? null : password => verifyForms(foreign, password)
  }

  // Another system may have hashed what was typed, without normalising it.
  async function verifyForms (foreign: ForeignHash, password: string): Promise<boolean> {
    const composed = password.normalize('NFC')
    return await verifyForeign(foreign, composed) || (composed !== password && await verifyForeign(foreign, password))
  }

  async function verifyDecoy (password: string): Promise<false> {
    await hasher.verify(decoy, bytesOf(password))
    return false
  }
}

/** The form of what `hash` returns, with a salt of 16 bytes and a key of 32. */
const phc = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/

/** The bounds of the settings too. Beyond them a stored hash could take so much work that the server stops. */
const parametersMax = { memoryKib: 4_194_304, passes: 100, parallelism: 16 }

function parametersOf (hash: string): HashParameters | null {
  const match = phc.exec(hash)
  if (match === null) return null

  const [memoryKib, passes, parallelism] = match.slice(1).map(Number)
  if (memoryKib === undefined || passes === undefined || parallelism === undefined) return null
  if (memoryKib > parametersMax.memoryKib || passes > parametersMax.passes) return null
  if (parallelism > parametersMax.parallelism) return null

  return { memoryKib, passes, parallelism }
}

function bytesOf (password: string) {
  return Buffer.from(password.normalize('NFC'))
}

/** False for a lone surrogate: it becomes U+FFFD in UTF-8, so that the password would equal others. */
function isWellFormed (text: string) {
  return !/\p{Surrogate}/u.test(text)
}
