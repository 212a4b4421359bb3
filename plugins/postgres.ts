import fp from 'fastify-plugin'
import postgres from 'postgres'
import type { Config } from '../lib/config.ts'
import { readArray, writeArray } from '../lib/stores/arrays.ts'
import { createDatabase } from '../lib/stores/database.ts'
import type { Database } from '../lib/stores/database.ts'
import { createSockets } from '../lib/stores/sockets.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly database: Database }
}

// The gate hands out no more work than there are connections, so no statement waits behind another's.
export default fp<Config['postgres']>(async function connectPostgres (app, { url, tls, prepare, poolMax, poolMin, queueMax, deadline, ...timeouts }) {
  const { open } = createSockets()
  const connect = () => postgres(url, {
    ...tls,
    ...{ socket: open },
    max: poolMax,
    prepare,
    idle_timeout: poolMin > 0 ? 0 : timeouts.idleTimeout / 1000,
    connect_timeout: timeouts.connectTimeout / 1000,
    backoff: () => 0.2,
    transform: { column: { from: createCamelCase() } },
    // Asked for by the driver itself, their failure would end the process.
    fetch_types: false,
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String }, ...arrays },
    onnotice: () => {}
  })

  const database = createDatabase(connect, { connections: poolMax, queueMax, deadline })
  app.addHook('onClose', () => database.close(1000))
  await Promise.all(Array.from({ length: Math.max(1, poolMin) }, () => database.ping()))
  app.decorate('database', database)
}, { name: 'postgres' })

/** Arrays of text, uuid, bigint and timestamptz, by the numbers of their types. */
const arrays = Object.fromEntries([1009, 2951, 1016, 1185].map(oid => [oid, { to: oid, from: [oid], parse: readArray, serialize: writeArray }]))

/** `full_name` → `fullName`, remembered: there are only so many columns, and they come with every answer. */
function createCamelCase () {
  const names = new Map<string, string>()

  return (column: string) => {
    const name = names.get(column) ?? postgres.toCamel(column)
    names.set(column, name)
    return name
  }
}
