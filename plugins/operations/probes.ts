import fp from 'fastify-plugin'
import { proveRing } from '../../lib/keys/self-test.ts'

/** Tells app.health what to ask: both stores, the key ring (in memory), and now and then the mail server. */
export default fp(async function registerProbes (app) {
  app.health.register('database', () => app.database.ping())
  app.health.register('redis', () => app.scripts.ping())
  app.health.register('keys', () => proveRing(app.keyring.current), { every: 5000 })
  app.health.register('mail', () => app.mailer.probe(), { every: 30_000 })
}, { name: 'probes', dependencies: ['http', 'stores', 'keys', 'mail'] })
