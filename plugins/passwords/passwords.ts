import { createRequire } from 'node:module'
import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'
import { noTracing } from '../../lib/context/tracing.ts'
import type { Tracing } from '../../lib/context/tracing.ts'
import { createForeignVerifier } from '../../lib/passwords/foreign-verifier.ts'
import { createHashScheduler } from '../../lib/passwords/hash-scheduler.ts'
import { createHashThreads } from '../../lib/passwords/hash-threads.ts'
import { createReferenceHasher, createThreadHasher, firstThatWorks } from '../../lib/passwords/hashers.ts'
import { traceHashes } from '../../lib/passwords/traced-hashes.ts'
import { createPasswords } from '../../lib/passwords/passwords.ts'
import type { Hasher, Passwords } from '../../lib/passwords/passwords.ts'
import type { Clock } from '../../lib/clock.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly passwords: Passwords }
}

/** How long (ms) a caller waits for a hash at most. */
const deadlineMs = 3000

interface Parts { clock: Clock, hasher?: Hasher | undefined, tracing?: Tracing }

/**
 * `app.passwords`. Argon2id comes from @node-rs/argon2, which takes half the CPU, if that loads here and computes
 * correctly, otherwise from argon2; a hasher that is handed in replaces both. There are as many threads as hashes may
 * run at once, and none starts before the first hash.
 */
export default fp<Config['passwords'] & Parts>(async function providePasswords (app, given) {
  const { tracing = noTracing, ...options } = given
  const { resolve } = createRequire(import.meta.url)
  const modules = { argon2: resolve('@node-rs/argon2'), bcrypt: resolve('bcryptjs'), crypto: 'node:crypto' }
  const threads = createHashThreads({ modules, count: options.concurrency })
  app.addHook('onClose', threads.close)

  const hasher = given.hasher ?? await loadHasher()
  const scheduler = traceHashes(createHashScheduler({ ...options, deadlineMs }), tracing)
  const verifyForeign = createForeignVerifier({ verifyArgon2: hasher.verify, call: threads.call })
  app.decorate('passwords', await createPasswords(hasher, scheduler, options, verifyForeign))

  const { gauge, total } = app.metrics
  gauge('latchkey_hashes_running', 'Password hashes being computed.', () => scheduler.stats().running)
  gauge('latchkey_hashes_queued', 'Callers that wait for a password hash.', () => {
    const { known, stranger } = scheduler.stats().queued
    return known + stranger
  })
  total('latchkey_hashes_refused_total', 'Callers that were refused because too many waited.', () => {
    return scheduler.stats().refused
  })

  async function loadHasher (): Promise<Hasher> {
    const { name, hasher } = await firstThatWorks([
      async () => createThreadHasher(threads),
      async () => createReferenceHasher(await import('argon2'))
    ])
    app.log.info({ binding: name }, 'argon2id')
    return hasher
  }
}, { name: 'passwords', dependencies: ['monitoring'] })
