import { hash, verify } from '@node-rs/argon2'
import type { Hasher } from '../lib/passwords/passwords.ts'

const cheap = { memoryCost: 8, timeCost: 1, parallelism: 1 }
const cheapText = '$m=8,t=1,p=1$'

/**
 * Argon2id at next to no cost: the string names the parameters that were asked for, the work behind
 * it is a thousandth. Right and wrong passwords are told apart as ever.
 */
export const cheapHasher: Hasher = {
  hash: async (password, { memoryKib, passes, parallelism }) =>
    (await hash(password, cheap)).replace(cheapText, `$m=${memoryKib},t=${passes},p=${parallelism}$`),
  verify: async (stored, password) => await verify(stored.replace(/\$m=\d+,t=\d+,p=\d+\$/, cheapText), password)
}

/** A hasher that tells how often it was asked. */
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

/** A hasher that lets something happen while a password is being checked. */
export function pausingHasher (hasher: Hasher = cheapHasher) {
  const pausing = {
    /** What happens, once, between the check of a password and its result. */
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
