import fp from 'fastify-plugin'
import { proveRing } from '../../lib/keys/self-test.ts'

/** How often (ms) at most the key ring and the mail server are probed. */
const keysIntervalMs = 5000
const mailIntervalMs = 30_000

/**
 * Makes `app.health` probe both stores, the version of the schema, the change feed with this node's clock and the key
 * ring (in memory) and, less often, the mail server. Postgres is probed on the connection of the change feed, so that a
 * queue of clients does not look like an outage. A store that takes no writes makes no node unready: all nodes have the
 * same stores, and signed-in requests go on.
 */
export default fp(async function registerProbes (app) {
  let isStarted = false

  app.health.register('database', () => {
    // This finds connections of the pool that died silently. It may wait for clients, so its answer does not count.
    // A node that is starting has just used the pool, and the first looks for jobs use it at this moment.
    if (isStarted) app.database.ping().catch(() => {})
    return app.writeWatches.database.look()
  })
  app.health.register('redis', () => app.scripts.ping())
  app.health.register('redis_writes', () => app.writeWatches.redis.look())
  app.health.register('feed', () => app.feed.assertFresh())
  app.health.register('schema', async () => {
    await app.schema.look()
    app.schema.assertServes()
  }, { hasGrace: false })
  app.health.register('keys', () => proveRing(app.keyring.current), { every: keysIntervalMs })
  app.health.register('mail', () => app.mailer.probe(), { every: mailIntervalMs })

  // This is the last feature, so whatever the probes ask has started by then.
  app.addHook('onReady', async () => {
    await app.health.tick()
    app.health.started()
    isStarted = true
  })
}, { name: 'probes', dependencies: ['monitoring', 'stores', 'changes', 'keys', 'mail'] })
