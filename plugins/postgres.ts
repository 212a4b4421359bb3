import fp from 'fastify-plugin'
import postgres from 'postgres'
import type { Config } from '../lib/config.ts'
import { createDatabase } from '../lib/stores/database.ts'
import type { Database } from '../lib/stores/database.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly database: Database }
}

// The gate hands out no more work than there are connections, so no statement waits behind another's. None
// is named, so PgBouncer may sit in between (transaction mode).
export default fp<Config['postgres']>(async function connectPostgres (app, { url, tls, poolMax, poolMin, queueMax, deadline, ...timeouts }) {
  const connect = () => postgres(url, {
    ...tls,
    max: poolMax,
    prepare: false,
    idle_timeout: poolMin > 0 ? 0 : timeouts.idleTimeout / 1000,
    connect_timeout: timeouts.connectTimeout / 1000,
    backoff: () => 0.2,
    transform: { column: { from: postgres.toCamel } },
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    onnotice: () => {}
  })

  const database = createDatabase(connect, { connections: poolMax, queueMax, deadline })
  await Promise.all(Array.from({ length: Math.max(1, poolMin) }, () => database.ping()))
  app.decorate('database', database)
  app.addHook('onClose', () => database.close(1000))
}, { name: 'postgres' })
