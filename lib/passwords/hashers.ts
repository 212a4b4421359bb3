import type * as Argon2 from 'argon2'
import type { HashThreads } from './hash-threads.ts'
import type { Hasher } from './passwords.ts'

/** A library that computes argon2id, by its name. */
export interface Binding { name: string, hasher: Hasher }

// The reference implementation's own test vector for `password`; 256 KiB take no time.
const knownAnswer = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'

/**
 * The first binding that loads here, knows the right password and refuses a wrong one.
 * @throws Error if none does
 */
export async function firstThatWorks (bindings: (() => Promise<Binding>)[]): Promise<Binding> {
  for (const load of bindings) {
    const binding = await load().catch(() => null)
    if (binding !== null && await isRight(binding.hasher)) return binding
  }
  throw new Error('Neither @node-rs/argon2 nor argon2 works on this machine.')
}

async function isRight ({ verify }: Hasher) {
  try {
    const right = await verify(knownAnswer, Buffer.from('password'))
    const wrong = await verify(knownAnswer, Buffer.from('passwore'))
    return right && !wrong
  } catch {
    return false
  }
}

/** The binding that takes half the CPU, in threads of ours. */
export function createThreadHasher ({ call }: Pick<HashThreads, 'call'>): Binding {
  return {
    name: '@node-rs/argon2',
    hasher: {
      hash: async (password, { memoryKib, passes, parallelism }) => {
        const options = { memoryCost: memoryKib, timeCost: passes, parallelism }
        return String(await call('argon2', 'hashSync', [password, options]))
      },
      verify: async (stored, password) => await call('argon2', 'verifySync', [stored, password]) === true
    }
  }
}

/** The binding of the reference implementation, in threads of libuv. */
export function createReferenceHasher ({ hash, verify, argon2id }: typeof Argon2): Binding {
  return {
    name: 'argon2',
    hasher: {
      hash: (password, { memoryKib, passes, parallelism }) => {
        return hash(password, { type: argon2id, memoryCost: memoryKib, timeCost: passes, parallelism })
      },
      verify: (stored, password) => verify(stored, password)
    }
  }
}
