import { randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import type { Hasher } from '../../lib/passwords/passwords.ts'
import type { HashTurn } from '../../lib/passwords/hash-scheduler.ts'

const cheap = { memoryCost: 8, timeCost: 1, parallelism: 1 }
const cheapText = '$m=8,t=1,p=1$'

// The salt of a cheap hash begins with this, and that of a real one does so once in 2^60.
const mark = Buffer.from('a cheap ')
const markText = `$${mark.toString('base64').slice(0, 10)}`

/**
 * Argon2id at next to no cost: the string names the requested parameters, the actual work is a thousandth of theirs.
 * Right and wrong passwords are still told apart, those of real hashes too.
 */
export const cheapHasher: Hasher = {
  hash: async (password, { memoryKib, passes, parallelism }) =>
    (await hash(password, { ...cheap, salt: Buffer.concat([mark, randomBytes(8)]) })).replace(cheapText, `$m=${memoryKib},t=${passes},p=${parallelism}$`),
  verify: async (stored, password) => await verify(stored.includes(markText) ? stored.replace(/\$m=\d+,t=\d+,p=\d+\$/, cheapText) : stored, password)
}

/** A hasher that counts its calls. */
export function countingHasher (hasher: Hasher = cheapHasher) {
  const counts = { hashes: 0, verifications: 0 }

  return {
    counts,
    take () {
      const taken = { ...counts }
      counts.hashes = counts.verifications = 0
      return taken
    },
    hash: async (...call: Parameters<Hasher['hash']>) => { counts.hashes++; return await hasher.hash(...call) },
    verify: async (...call: Parameters<Hasher['verify']>) => { counts.verifications++; return await hasher.verify(...call) }
  }
}

/** A hasher that runs a given action while a password is being checked. */
export function pausingHasher (hasher: Hasher = cheapHasher) {
  const pausing = {
    /** The action that runs once, between the check of a password and its result. */
    meanwhile: async () => {},
    hash: hasher.hash,
    verify: async (...call: Parameters<Hasher['verify']>) => {
      const { meanwhile } = pausing
      pausing.meanwhile = async () => {}
      await meanwhile()
      return await hasher.verify(...call)
    }
  }
  return pausing
}

/** The turns of somebody who is known and of a stranger, for tests in which nobody waits. */
export const knownTurn: HashTurn = { priority: 'known', flow: 'ada' }
export const strangerTurn: HashTurn = { priority: 'stranger', flow: '203.0.113.7' }
