import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import postgres from 'postgres'
import { postgresOf } from './debian-postgres.ts'
import { freePort } from './ports.ts'
import { findPostgres, postgresIn, type PostgresBinaries } from './postgres-binaries.ts'
import { type PrivateServer, startPrivateServer } from './private-server.ts'
import { readOrMakeSecret } from './secret.ts'

export interface PostgresOptions {
  /** A folder for this server alone. */
  dataDir: string
  /** False: faster, and a crash of the machine may lose data. */
  durable: boolean
  port?: number
  /**
   * The folder of the programs; by default those of the version that `LATCHKEY_TEST_POSTGRES` names, else the first
   * that `findPostgres` finds.
   */
  programs?: string
  /** The environment in which the programs find their libraries; by default our own. */
  env?: NodeJS.ProcessEnv
  /** More of the command line, such as `['-c', 'max_connections=20']`. */
  args?: string[]
  /** Certificate and key in PEM; connections without TLS are then refused. */
  tls?: { cert: string, key: string }
}

export interface PostgresServer extends PrivateServer {
  readonly port: number
  /** For the role as which the API runs. */
  readonly databaseUrl: string
  /** For the owner of the database. */
  readonly databaseDirectUrl: string
  /** For the server's superuser. */
  readonly superuserUrl: string
}

/** Before it, each connection derives its key with 4,096 rounds, on both sides. */
const firstWithScramIterations = 16

const fastSettings = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'autovacuum_naptime=1h',
  'max_wal_size=2GB'
]

/**
 * Starts a private Postgres on loopback with the roles and the empty database of a deployment:
 * `latchkey_owner` owns `latchkey`, `latchkey_app` is a member of `latchkey_runtime`.
 */
export async function startPostgres (options: PostgresOptions): Promise<PostgresServer> {
  const { durable, args = [], tls } = options
  const { programs, env = process.env } = options.programs === undefined ? await versionOfRun() : options
  const dataDir = resolve(options.dataDir)
  const data = join(dataDir, 'data')
  const log = join(dataDir, 'postgres.log')
  const port = options.port ?? await freePort()

  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const binaries = programs === undefined ? findPostgres(dataDir) : postgresIn(programs, dataDir, env)
  if (!binaries) throw new Error(`The Postgres in ${programs} does not run here.`)
  const password = readOrMakeSecret(join(dataDir, 'password'))
  if (!existsSync(data)) initialise(binaries, dataDir, { durable, env })
  rmSync(log, { force: true })

  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=400',
    ...(durable ? [] : fastSettings),
    ...(durable || binaries.major < firstWithScramIterations ? [] : ['scram_iterations=1']),
    ...(tls === undefined ? [] : writeTls(data, tls, binaries))
  ].flatMap(setting => ['-c', setting])
  const superuserUrl = url('postgres', 'postgres')
  const server = await startPrivateServer({
    name: 'Postgres',
    command: [...binaries.prefix, binaries.postgres, '-D', data, ...settings, ...args],
    env: { ...env, LC_ALL: 'C' },
    stopSignal: 'INT',
    log,
    answers: async () => await answers(superuserUrl)
  })

  try {
    await provision(superuserUrl, password, durable)
  } catch (error) {
    await server.stop()
    throw error
  }
  return Object.assign(server, {
    port,
    databaseUrl: url('latchkey_app', 'latchkey'),
    databaseDirectUrl: url('latchkey_owner', 'latchkey'),
    superuserUrl
  })

  function url (role: string, database: string) {
    return `postgres://${role}:${password}@127.0.0.1:${port}/${database}${tls === undefined ? '' : '?sslmode=require'}`
  }
}

/** The Postgres on which the whole run of tests takes place, where the run names one. */
async function versionOfRun (): Promise<Pick<PostgresOptions, 'programs' | 'env'>> {
  return await postgresOf(process.env['LATCHKEY_TEST_POSTGRES'])
}

// Creates a folder of another name first, so that an interrupted initdb is never taken for a database.
function initialise (
  { initdb, prefix, owner, major }: PostgresBinaries,
  dataDir: string,
  { durable, env }: { durable: boolean, env: NodeJS.ProcessEnv }
) {
  const fresh = join(dataDir, 'data.new')
  // Without it letters beyond ASCII are none, and a search does not find them.
  const letters = major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : ['--lc-ctype=C.UTF-8']
  const [program = '', ...args] = [
    ...prefix,
    initdb,
    ...['-D', fresh],
    ...['-U', 'postgres'],
    ...['-E', 'UTF8'],
    '--locale=C',
    ...letters,
    ...['-A', 'scram-sha-256'],
    `--pwfile=${join(dataDir, 'password')}`,
    ...(durable ? [] : ['--no-sync'])
  ]

  rmSync(fresh, { recursive: true, force: true })
  if (owner !== undefined) giveTo(owner, dataDir)
  try {
    execFileSync(program, args, { stdio: 'pipe', encoding: 'utf8', env: { ...env, LC_ALL: 'C' } })
  } catch (error) {
    throw new Error(`initdb failed in ${dataDir}: ${error instanceof Error ? error.message : String(error)}`)
  }
  renameSync(fresh, join(dataDir, 'data'))
}

function giveTo (owner: number, folder: string) {
  chownSync(folder, owner, owner)
  for (const name of readdirSync(folder)) chownSync(join(folder, name), owner, owner)
}

function writeTls (data: string, { cert, key }: { cert: string, key: string }, { owner }: PostgresBinaries) {
  const files = {
    'server.crt': cert,
    'server.key': key,
    'pg_hba.conf': 'hostssl all all 127.0.0.1/32 scram-sha-256\n'
  }

  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(data, name), text, { mode: 0o600 })
    if (owner !== undefined) chownSync(join(data, name), owner, owner)
  }
  return ['ssl=on']
}

async function answers (superuserUrl: string) {
  const sql = connect(superuserUrl)
  try {
    await sql`select 1`
    return true
  } catch {
    return false
  } finally {
    await sql.end({ timeout: 1 })
  }
}

// latchkey_owner creates the other roles, because since Postgres 16 only the creator of a role may grant it.
async function provision (superuserUrl: string, password: string, durable: boolean) {
  const sql = connect(superuserUrl)
  try {
    // The password is random, so more iterations of SCRAM would only make every connection slow.
    await sql`select set_config(name, '1', false) from pg_settings where name = 'scram_iterations'`
    if (!await exists('latchkey_owner')) {
      const rights = durable ? 'login createrole' : 'login createrole createdb'
      await sql.unsafe(`create role latchkey_owner ${rights} password '${password}'`)
      // DROP DATABASE … WITH (FORCE) ends other roles' connections.
      if (!durable) await sql`grant pg_signal_backend to latchkey_owner`
    }
    await sql`set role latchkey_owner`
    if (!await exists('latchkey_runtime')) await sql`create role latchkey_runtime nologin`
    if (!await exists('latchkey_app')) {
      await sql.unsafe(`create role latchkey_app login password '${password}' in role latchkey_runtime`)
    }
    await sql`reset role`

    const [database] = await sql`select from pg_database where datname = 'latchkey'`
    if (database === undefined) await sql`create database latchkey owner latchkey_owner`
  } finally {
    await sql.end({ timeout: 1 })
  }

  async function exists (role: string) {
    const [row] = await sql`select from pg_roles where rolname = ${role}`
    return row !== undefined
  }
}

function connect (superuserUrl: string) {
  return postgres(superuserUrl, { max: 1, connect_timeout: 2, onnotice () {} })
}
