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

  // Copying files takes a sixth of what copying pages through the log does.
  await command(`create database ${name} ${migrated ? `template ${setting('TEMPLATE')} strategy file_copy` : ''}`)
  t.teardown(() => command(`drop database if exists ${name} with (force)`))
  return { url: to(setting('DATABASE_URL'), name), directUrl: to(setting('DATABASE_DIRECT_URL'), name) }
}

let owner: pg.Pool | undefined

/**
 * Sends a statement as the owner of the databases. All tests of a process share the connection, because a connection
 * costs Postgres about as much as making a database does. It does not keep the process alive.
 */
async function command (statement: string) {
  owner ??= new pg.Pool({
    connectionString: setting('DATABASE_DIRECT_URL'),
    max: 1,
    idleTimeoutMillis: 0,
    allowExitOnIdle: true
  }).on('error', () => {})
  await owner.query(statement)
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
