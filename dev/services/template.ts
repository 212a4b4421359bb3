import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import postgres from 'postgres'
import { spawnGuarded } from '../processes/guarded.ts'
import { program } from '../processes/program.ts'
import type { Services } from './services.ts'

export interface Template {
  /** The database to copy: `CREATE DATABASE … TEMPLATE …`. */
  name: string
  drop (): Promise<void>
}

/** Makes one migrated database, which every test file copies. */
export async function makeTemplate ({ databaseUrl, databaseDirectUrl, redisUrl }: Services): Promise<Template> {
  const name = `latchkey_template_${randomBytes(4).toString('hex')}`

  await run(sql => sql`create database ${sql(name)}`)
  await migrate({
    NODE_ENV: 'test',
    DATABASE_URL: to(databaseUrl, name),
    DATABASE_DIRECT_URL: to(databaseDirectUrl, name),
    REDIS_URL: redisUrl,
    ENCRYPTION_KEY: randomBytes(32).toString('base64')
  })
  // Administrators of most tests sign in by the password alone. A test of the policy sets it.
  await run(sql => sql`update roles set second_factor = 'optional'`, name)
  return { name, drop: async () => await run(sql => sql`drop database if exists ${sql(name)} with (force)`) }

  async function run (command: (sql: postgres.Sql) => Promise<unknown>, database?: string) {
    const url = database === undefined ? databaseDirectUrl : to(databaseDirectUrl, database)
    const sql = postgres(url, { max: 1, onnotice () {} })
    try {
      await command(sql)
    } finally {
      await sql.end({ timeout: 5 })
    }
  }
}

/**
 * Brings a database up to date with the operator's own command.
 *
 * @throws Error with the output of the command when it fails.
 */
export async function migrate (env: NodeJS.ProcessEnv): Promise<void> {
  if (!existsSync('cli.ts')) return console.log('(there is no cli.ts: the database stays empty)')
  const cli = await spawnGuarded([process.execPath, ...program('cli.ts'), 'migrate'], {
    env: { ...process.env, ...env },
    output: 'pipe'
  })
  let said = ''

  for (const stream of [cli.stdout, cli.stderr]) stream?.on('data', chunk => { said += String(chunk) })
  if (await cli.exited !== 0) throw new Error(`The migrations failed:\n${said.trimEnd()}`)
}

function to (url: string, database: string) {
  const target = new URL(url)
  target.pathname = `/${database}`
  return target.href
}
