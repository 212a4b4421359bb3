import fp from 'fastify-plugin'
import type { HashThreads } from '../../lib/passwords/hash-threads.ts'
import type { Hasher } from '../../lib/passwords/passwords.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly hasher: Hasher }
}

// The reference implementation's own test vector for `password`; 256 KiB take no time.
const knownAnswer = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'

/** Argon2id by the binding that takes half the CPU where it loads and computes right, else by the other; or the hasher that is handed in. */
export default fp<{ hasher?: Hasher | undefined }>(async function loadHasher (app, { hasher }) {
  if (hasher) {
    app.decorate('hasher', hasher)
    return
  }

  const binding = await proven(async () => rust(app.hashThreads)) ?? await proven(reference)
  if (binding === null) throw new Error('Neither @node-rs/argon2 nor argon2 works on this machine.')

  app.log.info({ binding: binding.name }, 'argon2id')
  app.decorate('hasher', binding.hasher)
}, { name: 'hasher', dependencies: ['hash-threads'] })

function rust ({ call }: HashThreads) {
  const hasher: Hasher = {
    hash: async (password, { memoryKib, passes, parallelism }) => String(await call('argon2', 'hashSync', [password, { memoryCost: memoryKib, timeCost: passes, parallelism }])),
    verify: async (stored, password) => await call('argon2', 'verifySync', [stored, password]) === true
  }
  return { name: '@node-rs/argon2', hasher }
}

async function reference () {
  const { hash, verify, argon2id } = await import('argon2')

  const hasher: Hasher = {
    hash: (password, { memoryKib, passes, parallelism }) => hash(password, { type: argon2id, memoryCost: memoryKib, timeCost: passes, parallelism }),
    verify: (stored, password) => verify(stored, password)
  }
  return { name: 'argon2', hasher }
}

/** The binding if it loads here, knows the right password and refuses a wrong one. */
async function proven<T extends { hasher: Hasher }> (load: () => Promise<T>): Promise<T | null> {
  try {
    const binding = await load()
    const right = await binding.hasher.verify(knownAnswer, Buffer.from('password'))
    const wrong = await binding.hasher.verify(knownAnswer, Buffer.from('passwore'))

    return right && !wrong ? binding : null
  } catch {
    return null
  }
}
