import fp from 'fastify-plugin'
import { proveRing } from '../../lib/keys/self-test.ts'

/** How often (ms) at most the key ring and the mail server are probed. */
const keysIntervalMs = 5000
const mailIntervalMs = 30_000

/**
 * Makes `app.health` probe both stores, the key ring (in memory) and, less often, the mail server. Postgres is probed on
 * the connection of the change feed, so that a queue of clients does not look like an outage.
 */
export default fp(async function registerProbes (app) {
  app.health.register('database', () => app.feedDatabase.ping())
  app.health.register('redis', () => app.scripts.ping())
  app.health.register('keys', () => proveRing(app.keyring.current), { every: keysIntervalMs })
  app.health.register('mail', () => app.mailer.probe(), { every: mailIntervalMs })
}, { name: 'probes', dependencies: ['monitoring', 'stores', 'keys', 'mail'] })
