import fp from 'fastify-plugin'
import pg from 'pg'
import type { Config } from '../../lib/config/config.ts'
import { reach } from '../../lib/stores/postgres-tls.ts'
import { createDatabase } from '../../lib/stores/database.ts'
import type { Database } from '../../lib/stores/database.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly database: Database }
}

// The gate hands out no more work than there are connections, so nobody waits within the pool.
export default fp<Config['postgres']>(async function connectPostgres (app, { url, authority, prepare, poolMax, poolMin, queueMax, deadline, idleTimeout, connectTimeout }) {
  // Postgres gives up what we have given up: a statement, a wait for a lock, a transaction whose node has died.
  // Said when a connection opens; a pooler refuses that, so behind one it is said in each transaction.
  const limits = { statement_timeout: deadline, lock_timeout: Math.min(1000, deadline), idle_in_transaction_session_timeout: deadline * 4 }
  const pool = new pg.Pool({
    ...reach(url, authority),
    max: poolMax,
    idleTimeoutMillis: poolMin > 0 ? 0 : idleTimeout,
    connectionTimeoutMillis: connectTimeout,
    keepAlive: true,
    ...(prepare && limits),
    types: { getTypeParser: (type, format) => type === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(type, format) }
  })
  const database = createDatabase(pool, { connections: poolMax, queueMax, deadline, prepare, begin: prepare ? 'begin' : `begin; ${local(limits)}` })

  // A connection that is lost while nobody uses it is no news: the next one who needs one opens it.
  pool.on('error', () => {})
  pool.on('connect', client => client.on('error', () => {}))
  app.addHook('onClose', () => database.close(1000))
  await Promise.all(Array.from({ length: Math.max(1, poolMin) }, () => database.ping()))
  app.decorate('database', database)
}, { name: 'postgres' })

/** For a transaction alone. */
function local (limits: Record<string, number>) {
  return Object.entries(limits).map(([name, value]) => `set local ${name} = ${value}`).join('; ')
}
