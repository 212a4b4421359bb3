import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import fp from 'fastify-plugin'
import { createHashThreads } from '../../lib/passwords/hash-threads.ts'
import type { HashThreads } from '../../lib/passwords/hash-threads.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly hashThreads: HashThreads }
}

/** Threads for password hashes, as many as may run at once; none starts before there is a hash. */
export default fp<{ concurrency?: number }>(async function provideHashThreads (app, { concurrency = availableParallelism() }) {
  const { resolve } = createRequire(import.meta.url)
  const modules = { argon2: resolve('@node-rs/argon2'), bcrypt: resolve('bcryptjs'), crypto: 'node:crypto' }
  const threads = createHashThreads({ modules, count: concurrency })

  app.decorate('hashThreads', threads)
  app.addHook('onClose', threads.close)
}, { name: 'hash-threads' })
