import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import Postgrator from 'postgrator'
import { advisoryLocks } from './advisory-locks.ts'
import { compatibilityOf, newerDatabase, removalsOf, schemaProblem } from './compatibility.ts'
import type { SchemaState } from './compatibility.ts'

/** Runs a text of one or more SQL statements. Returns the rows of a single one. */
export type Execute = (text: string) => Promise<object[]>

/** Does work inside one transaction on one connection: all of it or none. */
export type InTransaction = <T>(work: (execute: Execute) => Promise<T>) => Promise<T>

export interface MigrateOptions {
  /** The version to go up or down to. By default the newest that the code knows, or the database's if it is newer. */
  to?: number
  /** Whether data may be removed on the way down; true by default. */
  mayRemove?: boolean
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
   * A newer database that serves this code is left as it is, so that a release can be taken back.
   * @throws Error with a readable message if a file fails, a file was changed after it had been applied, there is no
   * such version, the database is newer than the code and does not serve it, or data would be removed and must not be
   */
  async function migrate ({ to, mayRemove = true, report = () => {} }: MigrateOptions = {}) {
    const newest = expectedVersion(folder)
    if (to !== undefined && (!Number.isInteger(to) || to < 0 || to > newest)) {
      throw new Error(`There is no version ${to}; the newest is ${newest}.`)
    }

    return await inTransaction(async execute => {
      await prepare(execute)
      const state = await readState(execute)
      const from = state.version
      if (from > newest) return stay(state, newest, to)

      const target = to ?? newest
      const removals = removalsOf(folder, from, target)
      if (!mayRemove && removals.length > 0) throw new Error(removing(removals, target))
      await createPostgrator(folder, execute, report).migrate(String(target))
      await recordCompatibility(execute, folder, target)
      if (target > 0) await execute('grant select on schema_migrations to latchkey_runtime')
      return { from, to: target }
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

/** Code cannot undo what it does not know; it need not, if the schema serves it. */
function stay (state: SchemaState, newest: number, to: number | undefined) {
  if (to !== undefined || schemaProblem(state, newest) !== null) throw new Error(newerDatabase(state, newest))
  return { from: state.version, to: state.version }
}

function removing (removals: string[], to: number) {
  return `Going down to version ${to} removes data:\n${removals.map(line => `  ${line}`).join('\n')}\n` +
    'Nodes of newer code refuse requests afterwards. Make a backup, and say --yes if this is meant.'
}

async function readState (execute: Execute): Promise<SchemaState> {
  const [row] = await execute(`
    select
      coalesce(max(version), 0)::int as version,
      coalesce(max(coalesce(compatible_with, version)), 0)::int as compatible
    from schema_migrations`)
  return { version: numberIn(row, 'version'), compatibleWith: numberIn(row, 'compatible') }
}

/** Says in the database what each migration is compatible with, for code that lacks its file. */
async function recordCompatibility (execute: Execute, folder: string, newest: number) {
  const rows = Array.from({ length: newest }, (_, place) => `(${place + 1}, ${compatibilityOf(folder, place + 1)})`)
  if (rows.length === 0) return

  await execute(`
    update schema_migrations
    set compatible_with = declared.compatible_with
    from (values ${rows.join(', ')}) declared (version, compatible_with)
    where declared.version = schema_migrations.version
      and schema_migrations.compatible_with is null`)
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
      run_at timestamptz,
      compatible_with bigint
    )`)
  // Altered only where it is needed: nodes read this table, and an alteration locks it until the end.
  const [column] = await execute(`
    select from information_schema.columns
    where table_schema = current_schema and table_name = 'schema_migrations' and column_name = 'compatible_with'`)
  if (column === undefined) await execute('alter table schema_migrations add column compatible_with bigint')
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

function numberIn (row: object | undefined, column: string): number {
  return Number(Object.entries(row ?? {}).find(([name]) => name === column)?.[1] ?? 0)
}

// Postgres gives the position of an error in characters, from 1.
function lineOf (text: string, error: unknown) {
  const position = typeof error === 'object' && error !== null && 'position' in error ? Number(error.position) : NaN
  return position > 0 ? `, line ${text.slice(0, position - 1).split('\n').length}` : ''
}

function messageOf (error: unknown) {
  return error instanceof Error ? error.message : String(error)
}
