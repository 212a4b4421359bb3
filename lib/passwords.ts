import type { HashScheduler, Lane } from './hash-scheduler.ts'

/** The cost of argon2id: memory in KiB, passes, lanes (RFC 9106 §3.1). */
export interface HashParameters { memoryKib: number, passes: number, parallelism: number }

/** A password hash in PHC string form; handed in, so that one plugin owns the binding and tests may take a cheap one. */
export interface Hasher {
  /** A hash under a fresh salt of 16 bytes or more. */
  hash (password: Buffer, parameters: HashParameters): Promise<string>
  /** Whether the password made this hash; rejects when the hash cannot be read. */
  verify (hash: string, password: Buffer): Promise<boolean>
}

export type Passwords = Awaited<ReturnType<typeof createPasswords>>

/**
 * Stored passwords: argon2id over the NFC form (ASVS 5.0 11.4.2; NIST SP 800-63B-4 §3.1.1.2).
 * Every hash goes through the scheduler; the one thing made at start is the decoy.
 */
export async function createPasswords (hasher: Hasher, scheduler: HashScheduler, parameters: HashParameters) {
  // What unknown addresses are compared with: the same work as a real one with today's parameters.
  const decoy = await hasher.hash(Buffer.from('decoy'), parameters)

  return { hash, verify, needsRehash, assertRoom: scheduler.assertRoom, stats: scheduler.stats }

  /**
   * The PHC string to store.
   * @throws Refusal `overloaded`
   */
  async function hash (password: string, lane: Lane): Promise<string> {
    return scheduler.run(lane, () => hasher.hash(bytesOf(password), parameters))
  }

  /**
   * Whether the password made the stored hash. Without a hash (unknown address, no password) and
   * for one that cannot be used, the same work is done and the answer is no.
   * @throws Refusal `overloaded`
   */
  async function verify (stored: string | null, password: string, lane: Lane): Promise<boolean> {
    const usable = stored !== null && parametersOf(stored) !== null

    return scheduler.run(lane, async () => {
      const bytes = bytesOf(password)
      const matches = await hasher.verify(usable ? stored : decoy, bytes).catch(() => hasher.verify(decoy, bytes).then(() => false))

      return matches && usable && isWellFormed(password)
    })
  }

  /** Whether the hash was made with other parameters than today's; then hash again after a successful login. */
  function needsRehash (stored: string): boolean {
    const made = parametersOf(stored)

    return made?.memoryKib !== parameters.memoryKib || made.passes !== parameters.passes || made.parallelism !== parameters.parallelism
  }
}

const phc = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/

/** The most the settings allow too: a stored hash must not be able to ask for what stops the server. */
const most = { memoryKib: 4_194_304, passes: 100, parallelism: 16 }

function parametersOf (hash: string): HashParameters | null {
  const match = phc.exec(hash)
  if (match === null) return null

  const [memoryKib, passes, parallelism] = match.slice(1).map(Number)
  if (memoryKib === undefined || passes === undefined || parallelism === undefined) return null
  if (memoryKib > most.memoryKib || passes > most.passes || parallelism > most.parallelism) return null

  return { memoryKib, passes, parallelism }
}

function bytesOf (password: string) {
  return Buffer.from(password.normalize('NFC'))
}

/** Half a surrogate pair becomes U+FFFD in UTF-8, so such a password would equal others. */
function isWellFormed (text: string) {
  return !/\p{Surrogate}/u.test(text)
}
