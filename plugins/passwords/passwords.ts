import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createForeignVerifier } from '../../lib/passwords/foreign-verifier.ts'
import { createHashScheduler } from '../../lib/passwords/hash-scheduler.ts'
import { createPasswords } from '../../lib/passwords/passwords.ts'
import type { Passwords } from '../../lib/passwords/passwords.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly passwords: Passwords }
}

export default fp<Config['passwords'] & { clock: Clock }>(async function providePasswords (app, options) {
  const scheduler = createHashScheduler({ ...options, deadline: 3000 })

  const verifyForeign = createForeignVerifier({ verifyArgon2: app.hasher.verify, call: app.hashThreads.call })

  app.decorate('passwords', await createPasswords(app.hasher, scheduler, options, verifyForeign))
  app.metrics.gauge('latchkey_hashes_running', 'Password hashes being computed.', () => scheduler.stats().running)
  app.metrics.gauge('latchkey_hashes_queued', 'Callers that wait for a password hash.', () => scheduler.stats().queued.known + scheduler.stats().queued.stranger)
  app.metrics.gauge('latchkey_hashes_refused', 'Callers that were refused because too many waited, since the start.', () => scheduler.stats().refused)
}, { name: 'passwords', dependencies: ['hash-threads', 'hasher', 'metrics'] })
