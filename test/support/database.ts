import { randomBytes } from 'node:crypto'
import pg from 'pg'
import postgres from 'postgres'
import type { Test } from 'tap'
import { createDatabase } from '../../lib/stores/database.ts'

/** The part of a test that is needed to clean up after it. */
type Teardown = Pick<Test, 'teardown'>

/** A database of this test's own, by default a copy of the migrated template; dropped when the test ends. */
export async function makeDatabase (t: Teardown, { migrated = true } = {}) {
  const name = `latchkey_test_${randomBytes(6).toString('hex')}`
  const server = postgres(setting('DATABASE_DIRECT_URL'), { max: 1, onnotice: () => {} })

  // Copying files takes a sixth of what copying pages through the log does.
  if (migrated) await server`create database ${server(name)} template ${server(setting('TEMPLATE'))} strategy file_copy`
  else await server`create database ${server(name)}`
  t.teardown(async () => {
    await server`drop database if exists ${server(name)} with (force)`
    await server.end({ timeout: 1 })
  })
  return { url: to(setting('DATABASE_URL'), name), directUrl: to(setting('DATABASE_DIRECT_URL'), name) }
}

/** The driver itself, for statements that a test runs past the code. */
export function connect (t: Teardown, url: string, { max = 10 } = {}) {
  const sql = postgres(url, {
    max,
    prepare: false,
    transform: { column: { from: postgres.toCamel } },
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    onnotice: () => {}
  })
  t.teardown(async () => { await sql.end({ timeout: 1 }) })
  return sql
}

/** The connection of the stores, to a new database. */
export async function openDatabase (t: Teardown) {
  const { url, directUrl } = await makeDatabase(t)
  return { url, directUrl, database: openStore(t, url) }
}

/** The code's own connection to Postgres, with long deadlines. */
export function openStore (t: Teardown, url: string, { deadline = 10_000, prepare = true } = {}) {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    types: {
      getTypeParser: (type, format) =>
        type === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(type, format)
    }
  })
  pool.on('error', () => {})
  const database = createDatabase(pool, { connections: 10, queueMax: 500, deadline, prepare, begin: 'begin' })
  t.teardown(() => database.close(1000))
  return database
}

function to (url: string, database: string) {
  const target = new URL(url)
  target.pathname = `/${database}`
  return target.href
}

function setting (name: string) {
  const value = process.env[`LATCHKEY_TEST_${name}`]
  if (value === undefined) throw new Error('Run tests with: npm test -- FILE')
  return value
}
