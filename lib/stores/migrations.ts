import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import Postgrator from 'postgrator'
import { advisoryLocks } from './advisory-locks.ts'

/** Runs a text of one or more SQL statements. Returns the rows of a single one. */
export type Execute = (text: string) => Promise<object[]>

/** Does work inside one transaction on one connection: all of it or none. */
export type InTransaction = <T>(work: (execute: Execute) => Promise<T>) => Promise<T>

export interface MigrateOptions {
  /** The version to go up or down to. By default the newest that the code knows. */
  to?: number
  /** Called with a line for a person before each step. */
  report?: (line: string) => void
}

export type Migrations = ReturnType<typeof createMigrations>

// The same path in the source tree and in dist/: the build copies sql/ beside lib/.
const shippedFolder = fileURLToPath(new URL('../../sql', import.meta.url))

/**
 * Brings a database to a version of the schema: numbered files `NNN.do.name.sql` and
 * `NNN.undo.name.sql`, run by postgrator.
 *
 * Everything happens in one transaction, which holds an advisory lock of the transaction (not of the session: that
 * would not survive PgBouncer). So processes that migrate at once wait for each other, a migration is never half
 * applied, and a failing one changes nothing.
 */
export function createMigrations (inTransaction: InTransaction, folder = shippedFolder) {
  return { migrate }

  /**
   * Returns the version found and the version reached.
   * @throws Error with a readable message if a file fails, a file was changed after it had been applied, there is no
   * such version, or the database is newer than the code
   */
  async function migrate ({ to = expectedVersion(folder), report = () => {} }: MigrateOptions = {}) {
    const newest = expectedVersion(folder)
    if (!Number.isInteger(to) || to < 0 || to > newest) {
      throw new Error(`There is no version ${to}; the newest is ${newest}.`)
    }

    return await inTransaction(async execute => {
      await prepare(execute)
      const files = createPostgrator(folder, execute, report)
      const from = await files.getDatabaseVersion()
      if (from > newest) throw new Error(newerDatabase(from, newest))

      await files.migrate(String(to))
      if (to > 0) await execute('grant select on schema_migrations to latchkey_runtime')
      return { from, to }
    })
  }
}

/**
 * The version of the schema that this code needs: the highest number in the folder.
 * @throws Error if a number is missing or has no undo
 */
export function expectedVersion (folder = shippedFolder) {
  const names = readdirSync(folder)
  const newest = names.filter(name => /^\d{3}\.do\..+\.sql$/.test(name)).length

  for (let version = 1; version <= newest; version++) {
    for (const action of ['do', 'undo']) {
      const start = `${String(version).padStart(3, '0')}.${action}.`
      if (!names.some(name => name.startsWith(start))) throw new Error(`${start}*.sql is missing in ${folder}.`)
    }
  }
  return newest
}

/** Why the server cannot start on a database, in a sentence; null if the schema fits. */
export function schemaProblem (version: number, expected = expectedVersion()) {
  if (version === expected) return null
  if (version > expected) return newerDatabase(version, expected)
  if (version === 0) {
    return 'The database is empty. Run `latchkey migrate` (in development `npm run cli -- migrate`) first.'
  }
  return `The database is at version ${version} and this code needs ${expected}. ` +
    'Run `latchkey migrate` (in development `npm run cli -- migrate`) first.'
}

function newerDatabase (version: number, newest: number) {
  return `The database is at version ${version}, this code knows ${newest} at most. Run the newer code, ` +
    `or take the database back with it: \`migrate --to ${newest}\`.`
}

async function prepare (execute: Execute) {
  // It is right to wait long for another process that migrates. It is wrong to wait long for a table, because every
  // request would queue behind us.
  await execute(`
    set local statement_timeout = 0;
    set local lock_timeout = '5min';
    set local client_min_messages = warning`)
  await execute(`select pg_advisory_xact_lock(${advisoryLocks.migrations})`)
  await execute("set local lock_timeout = '15s'")

  // Made here and not by postgrator, which would take a table of this name in another schema for ours.
  await execute(`
    create table if not exists schema_migrations (
      version bigint primary key,
      name text,
      md5 text,
      run_at timestamptz
    )`)
}

function createPostgrator (folder: string, execute: Execute, report: (line: string) => void) {
  let current = ''
  const files = new Postgrator({
    driver: 'pg',
    schemaTable: 'schema_migrations',
    // Characters of the folder's path that mean something in a pattern are escaped.
    migrationPattern: `${folder.replaceAll('\\', '/').replace(/[?*()[\]{}]/g, '\\$&')}/*.sql`,
    newline: 'LF',
    validateChecksums: true,
    execQuery: async text => ({ rows: (await execute(text)).map(withColumnName) }),
    execSqlScript: async text => {
      try {
        await execute(text)
      } catch (error) {
        throw new Error(`${current}${lineOf(text, error)}: ${messageOf(error)}`, { cause: error })
      }
    }
  })

  files.on('validation-started', ({ version }) => { current = `version ${version}` })
  files.on('migration-started', ({ version, action, name }) => {
    current = `${String(version).padStart(3, '0')}.${action}.${name}.sql`
    report(current)
  })
  return files
}

// Rows come with their columns in camel case. This is the one column that postgrator asks for by name.
function withColumnName (row: object) {
  return 'columnName' in row ? { ...row, column_name: row.columnName } : row
}

// Postgres gives the position of an error in characters, from 1.
function lineOf (text: string, error: unknown) {
  const position = typeof error === 'object' && error !== null && 'position' in error ? Number(error.position) : NaN
  return position > 0 ? `, line ${text.slice(0, position - 1).split('\n').length}` : ''
}

function messageOf (error: unknown) {
  return error instanceof Error ? error.message : String(error)
}
