import { readFileSync } from 'node:fs'
import fp from 'fastify-plugin'
import postgres from 'postgres'
import type { Config } from '../lib/config.ts'
import { createDatabase } from '../lib/stores/database.ts'
import type { Database } from '../lib/stores/database.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly database: Database }
}

// One statement at a time on a connection and no named ones: nothing waits behind another's statement,
// a late one can be cancelled exactly, and PgBouncer may sit in between (transaction mode).
export default fp<Config['postgres']>(async function connectPostgres (app, { url, caFile, poolMax, poolMin, ...timeouts }) {
  const verifies = /[?&]sslmode=verify-(ca|full)\b/.test(url)
  const sql = postgres(url, {
    ...{ max_pipeline: 1 },
    max: poolMax,
    prepare: false,
    idle_timeout: poolMin > 0 ? 0 : timeouts.idleTimeout / 1000,
    connect_timeout: timeouts.connectTimeout / 1000,
    backoff: () => 0.2,
    transform: { column: { from: postgres.toCamel } },
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    onnotice: () => {},
    ...(caFile && verifies && { ssl: { ca: readFileSync(caFile), rejectUnauthorized: true } })
  })

  const database = createDatabase(sql, { limit: poolMax * 20, deadline: timeouts.statementTimeout })
  await Promise.all(Array.from({ length: Math.max(1, poolMin) }, () => database.ping()))
  app.decorate('database', database)
  app.addHook('onClose', async () => { await sql.end({ timeout: 1 }) })
}, { name: 'postgres' })
