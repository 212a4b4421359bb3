import { readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Postgrator from 'postgrator'
import { advisoryLocks } from './advisory-locks.ts'
import { compatibilityOf, newerDatabase, removalsOf, schemaProblem, textOf } from './compatibility.ts'
import type { SchemaState } from './compatibility.ts'
import type { Database } from './database.ts'

/** Runs a text of one or more SQL statements. Returns the rows of a single one. */
type Execute = (text: string) => Promise<object[]>

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

/** In a file such as `037.do.name.sql`: its paragraphs are run one by one, each for itself. */
const stepwise = /^-- in steps\r?$/m
const paragraphs = /[^\r\n]+(?:\r?\n[^\r\n]+)*/g
/** How long (ms) a process waits for others that migrate, and how often it asks. */
const turnMaxMs = 300_000
const turnPollMs = 100

/**
 * Brings a database to a version of the schema: numbered files `NNN.do.name.sql` and
 * `NNN.undo.name.sql`, run by postgrator.
 *
 * Everything happens in one transaction, up to a migration that runs in steps: it is done beside the transactions of
 * nodes, with statements that no transaction may hold, and can be begun again wherever it has stopped. An empty
 * database serves nobody and is filled at once: all of it or nothing.
 *
 * An advisory lock of a transaction (not of the session: that would not survive PgBouncer) has processes that migrate
 * at once take turns. So one that runs in steps needs two connections.
 */
export function createMigrations (database: Pick<Database, 'begin' | 'unsafe'>, folder = shippedFolder) {
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

    const first = await takeTurn()
    let last = first
    while (last.to !== last.target) last = await takeTurn()
    return { from: first.from, to: last.to }

    async function takeTurn () {
      return await database.begin(async tx => {
        const execute: Execute = text => tx.unsafe(text)
        await prepare(execute)
        const state = await readState(execute)
        const from = state.version
        if (from > newest) return { ...stay(state, newest, to), target: from }

        const target = to ?? newest
        const removals = removalsOf(folder, from, target)
        if (!mayRemove && removals.length > 0) throw new Error(removing(removals, target))
        const { reached, inSteps } = nextTurn(folder, from, target)
        // What runs in steps is done by other connections: this transaction then only holds the lock.
        await run(inSteps ? text => database.unsafe(text) : execute, { version: reached, inSteps })
        return { from, to: reached, target }
      })
    }

    async function run (execute: Execute, { version, inSteps }: { version: number, inSteps: boolean }) {
      await createPostgrator(folder, { execute, inSteps, report }).migrate(String(version))
      await recordCompatibility(execute, folder, version)
      if (version > 0) await execute('grant select on schema_migrations to latchkey_runtime')
    }
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
  // We do not wait long for a table, because every request would queue behind us.
  await execute(`
    set local statement_timeout = 0;
    set local lock_timeout = '15s';
    set local client_min_messages = warning`)
  await waitForTurn(execute)

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

/**
 * Waits long for another process that migrates. It asks again and again instead of waiting in a statement: an index
 * that the other one makes with `concurrently` is finished only when all older statements have ended, so each process
 * would wait for the other.
 */
async function waitForTurn (execute: Execute) {
  const lock = `select 1 as locked where pg_try_advisory_xact_lock(${advisoryLocks.migrations})`
  for (const began = performance.now(); (await execute(lock)).length === 0; await pause(turnPollMs)) {
    if (performance.now() - began > turnMaxMs) throw new Error('Another process has been migrating for five minutes.')
  }
}

/** What is done in one go: a migration that runs in steps, or those up to the next of these. */
function nextTurn (folder: string, from: number, target: number) {
  const [action, direction] = target < from ? ['undo', -1] as const : ['do', 1] as const
  const versions = Array.from({ length: Math.abs(target - from) }, (_, place) => from + direction * place)
    .map(version => action === 'do' ? version + 1 : version)
  const ahead = versions.findIndex(version => stepwise.test(textOf(folder, version, action)))
  if (from === 0 || ahead === -1) return { reached: target, inSteps: false }
  return { reached: from + direction * Math.max(1, ahead), inSteps: ahead === 0 }
}

/** The texts of a migration that are sent one by one, and where each begins. */
function partsOf (text: string, inSteps: boolean) {
  if (!stepwise.test(text)) return [{ part: text, start: 0 }]
  // Within a transaction no index can be made beside others, nor need it be.
  if (!inSteps) return [{ part: text.replaceAll(' index concurrently ', ' index '), start: 0 }]
  return Array.from(text.matchAll(paragraphs), ({ 0: part, index: start }) => ({ part, start }))
}

function createPostgrator (
  folder: string, { execute, inSteps, report }: { execute: Execute, inSteps: boolean, report: (line: string) => void }
) {
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
      for (const { part, start } of partsOf(text, inSteps)) {
        try {
          await execute(part)
        } catch (error) {
          throw new Error(`${current}${lineOf(text, start, error)}: ${messageOf(error)}`, { cause: error })
        }
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
function lineOf (text: string, start: number, error: unknown) {
  const position = typeof error === 'object' && error !== null && 'position' in error ? Number(error.position) : NaN
  return position > 0 ? `, line ${text.slice(0, start + position - 1).split('\n').length}` : ''
}

function messageOf (error: unknown) {
  return error instanceof Error ? error.message : String(error)
}
