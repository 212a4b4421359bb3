import fp from 'fastify-plugin'
import pg from 'pg'
import type { Config } from '../../lib/config/config.ts'
import { noTracing } from '../../lib/context/tracing.ts'
import type { Tracing } from '../../lib/context/tracing.ts'
import { reach } from '../../lib/stores/postgres-tls.ts'
import { withReliedSettings } from '../../lib/stores/relied-settings.ts'
import { assertSuitable } from '../../lib/stores/suitability.ts'
import { createDatabase } from '../../lib/stores/database.ts'
import type { Database } from '../../lib/stores/database.ts'
import { createFlows } from '../../lib/stores/flows.ts'
import type { Flows } from '../../lib/stores/flows.ts'
import { traceDatabase } from '../../lib/stores/traced-database.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly database: Database
    /**
     * A connection of its own for what every signed-in request depends on: the change feed and the probe of Postgres.
     * Nothing that clients cause waits here.
     */
    readonly feedDatabase: Database
    readonly flows: Flows
  }
}

/** The most connections that one user, session or network may use at once. */
const flowConnectionsMax = 2

/** How many calls of the change feed and of the probe may wait for their connection. */
const feedQueueMax = 10

/** How long (ms) statements under way may go on when the server closes. */
const closeTimeoutMs = 1000

export type PostgresOptions = Config['postgres'] & { tracing?: Tracing }

// The gate lets no more work run than there are connections, so no statement waits within the pool.
export default fp<PostgresOptions>(async function connectPostgres (app, { tracing = noTracing, ...options }) {
  const { url, authority, prepare, poolMax, poolMin, queueMax } = options
  const { deadline, lockTimeout, idleTimeout, connectTimeout } = options
  // Postgres ends what we have given up: a statement, a wait for a lock, a transaction whose node has died. The limits
  // are set when a connection opens. A pooler refuses that, so behind one they are set in each transaction. What else
  // statements rely on is set in the same way, and checked in any case.
  const limits = {
    statement_timeout: deadline,
    lock_timeout: lockTimeout,
    idle_in_transaction_session_timeout: deadline * 4
  }
  const statements = { deadline, prepare, begin: prepare ? 'begin' : `begin; ${setLocal(limits)}` }
  const flows = createFlows()
  const database = createDatabase(openPool(poolMax, poolMin > 0 ? 0 : idleTimeout), {
    ...statements,
    connections: poolMax,
    flowConnections: Math.min(flowConnectionsMax, poolMax),
    // What strangers do may be slow. One user finds a connection all the same.
    strangerConnections: Math.max(1, poolMax - flowConnectionsMax),
    queueMax,
    // Shorter than the deadline of work, so that a caller is answered soon even if it waits first.
    waitTimeoutMs: Math.round(deadline * 2 / 3),
    turn: flows.current
  })
  const feedDatabase = createDatabase(openPool(1, 0), { ...statements, connections: 1, queueMax: feedQueueMax })

  app.addHook('onClose', async () => {
    await Promise.all([database.close(closeTimeoutMs), feedDatabase.close(closeTimeoutMs)])
  })
  await Promise.all([
    feedDatabase.ping(),
    ...Array.from({ length: Math.max(1, poolMin) }, () => database.ping())
  ])
  await assertSuitable(feedDatabase)
  app.decorate('database', traceDatabase(database, tracing))
  app.decorate('feedDatabase', feedDatabase)
  app.decorate('flows', flows)

  /** A pool of `max` connections, each of which may idle for `idleTimeoutMillis`, 0 for ever. */
  function openPool (max: number, idleTimeoutMillis: number) {
    const { url: target, options } = prepare ? withReliedSettings(url) : { url, options: undefined }
    const pool = new pg.Pool({
      ...reach(target, authority),
      options,
      max,
      idleTimeoutMillis,
      connectionTimeoutMillis: connectTimeout,
      keepAlive: true,
      ...(prepare && limits),
      types: { getTypeParser }
    })
    // The loss of an idle connection needs no report: the next statement opens another one.
    pool.on('error', () => {})
    pool.on('connect', client => client.on('error', () => {}))
    return pool
  }
}, { name: 'postgres' })

/** Reads a bigint as a number, because none of ours comes near 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (type: number, format: 'text' | 'binary' = 'text') => {
  return type === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(type, format)
}

/** The statements that make settings hold for one transaction. */
function setLocal (limits: Record<string, number>) {
  return Object.entries(limits).map(([name, value]) => `set local ${name} = ${value}`).join('; ')
}
