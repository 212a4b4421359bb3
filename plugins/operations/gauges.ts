import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'

/** Gauges of how busy Postgres is, of the stores' last probes and of readiness. */
export default fp<Pick<Config['postgres'], 'poolMax'>>(async function showStores (app, { poolMax }) {
  const { metrics, database, feed, health, writeWatches } = app

  metrics.gauge('latchkey_database_pool_max', 'Connections to Postgres at most.', () => poolMax)
  metrics.gauge('latchkey_database_pool_in_use', 'Connections to Postgres in use.', () => database.load().running)
  metrics.gauge('latchkey_database_pool_waiting', 'Statements and transactions that wait for a connection.', () => {
    return database.load().waiting
  })
  metrics.gauge('latchkey_database_flows_waiting', 'Users, sessions and networks that wait for a connection.', () => {
    return database.load().flowsWaiting
  })
  metrics.gauge('latchkey_database_up', 'Whether Postgres answers.', () => Number(health.isUp('database') === true))
  metrics.gauge('latchkey_redis_up', 'Whether Redis answers.', () => Number(health.isUp('redis') === true))
  metrics.gauges('latchkey_store_writable', 'Whether a store that answers takes writes.', 'store', () => {
    return Object.entries(writeWatches).flatMap(([store, { takesWrites }]) => {
      const isWritable = takesWrites()
      return isWritable === undefined ? [] : [[store, Number(isWritable)] as const]
    })
  })
  metrics.gauge(
    'latchkey_feed_fresh',
    'Whether this node knows what has ended and its clock is right; otherwise it refuses signed-in requests.',
    () => Number(health.isUp('feed') === true)
  )
  metrics.gauge('latchkey_feed_age_seconds', 'How long ago this node last read what has ended.', () => feed.ageMs() / 1000)
  metrics.gauge('latchkey_clock_skew_seconds', 'By how much the clock of this node is ahead of that of Postgres.', () => {
    return feed.clockSkewMs() / 1000
  })
  metrics.gauge('latchkey_mail_up', 'Whether the mail server answers.', () => Number(health.isUp('mail') === true))
  metrics.gauge('latchkey_ready', 'Whether this node wants traffic.', () => Number(health.isReady()))
}, { name: 'gauges', dependencies: ['monitoring', 'stores', 'changes'] })
