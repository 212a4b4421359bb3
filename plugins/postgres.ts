import fp from 'fastify-plugin'
import pg from 'pg'
import type { Config } from '../lib/config.ts'
import { reach } from '../lib/postgres-tls.ts'
import { createDatabase } from '../lib/stores/database.ts'
import type { Database } from '../lib/stores/database.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly database: Database }
}

// The gate hands out no more work than there are connections, so nobody waits within the pool.
export default fp<Config['postgres']>(async function connectPostgres (app, { url, authority, prepare, poolMax, poolMin, queueMax, deadline, idleTimeout, connectTimeout }) {
  const pool = new pg.Pool({
    ...reach(url, authority),
    max: poolMax,
    idleTimeoutMillis: poolMin > 0 ? 0 : idleTimeout,
    connectionTimeoutMillis: connectTimeout,
    keepAlive: true,
    types: { getTypeParser: (type, format) => type === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(type, format) }
  })
  const database = createDatabase(pool, { connections: poolMax, queueMax, deadline, prepare, begin: `begin; ${limits(deadline)}` })

  // A connection that is lost while nobody uses it is no news: the next one who needs one opens it.
  pool.on('error', () => {})
  pool.on('connect', client => client.on('error', () => {}))
  app.addHook('onClose', () => database.close(1000))
  await Promise.all(Array.from({ length: Math.max(1, poolMin) }, () => database.ping()))
  app.decorate('database', database)
}, { name: 'postgres' })

/**
 * Postgres gives up what we have given up: a statement, a wait for a lock, a transaction whose node has
 * died. Said within the transaction, because a pooler refuses it at the start of a connection.
 */
function limits (deadline: number) {
  const lock = Math.min(1000, deadline)
  return `set local statement_timeout = ${deadline}; set local lock_timeout = ${lock}; set local idle_in_transaction_session_timeout = ${deadline * 4}`
}
