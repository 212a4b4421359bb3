import { createRequire } from 'node:module'
import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'
import { createForeignVerifier } from '../../lib/passwords/foreign-verifier.ts'
import { createHashScheduler } from '../../lib/passwords/hash-scheduler.ts'
import { createHashThreads } from '../../lib/passwords/hash-threads.ts'
import { createReferenceHasher, createThreadHasher, firstThatWorks } from '../../lib/passwords/hashers.ts'
import { createPasswords } from '../../lib/passwords/passwords.ts'
import type { Hasher, Passwords } from '../../lib/passwords/passwords.ts'
import type { Clock } from '../../lib/clock.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly passwords: Passwords }
}

/** How long (ms) a caller waits for a hash at most. */
const deadlineMs = 3000

type PasswordsOptions = Config['passwords'] & { clock: Clock, hasher?: Hasher | undefined }

/**
 * `app.passwords`. Argon2id comes from @node-rs/argon2, which takes half the CPU, if that loads here and computes
 * correctly, otherwise from argon2; a hasher that is handed in replaces both. There are as many threads as hashes may
 * run at once, and none starts before the first hash.
 */
export default fp<PasswordsOptions>(async function providePasswords (app, { hasher: given, ...options }) {
  const { resolve } = createRequire(import.meta.url)
  const modules = { argon2: resolve('@node-rs/argon2'), bcrypt: resolve('bcryptjs'), crypto: 'node:crypto' }
  const threads = createHashThreads({ modules, count: options.concurrency })
  app.addHook('onClose', threads.close)

  const hasher = given ?? await loadHasher()
  const scheduler = createHashScheduler({ ...options, deadlineMs })
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
