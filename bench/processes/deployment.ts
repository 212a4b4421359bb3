import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../../dev/bundles/build.ts'
import { postgresOf } from '../../dev/services/debian-postgres.ts'
import { startServices } from '../../dev/services/services.ts'
import { migrate } from '../../dev/services/template.ts'
import { makeTestFolder } from '../../dev/tests/folder.ts'
import { startNode } from './node.ts'

/** The process under measurement: Fastify alone, Latchkey, or Latchkey with a hasher that costs next to nothing. */
export type Subject = 'hello' | 'latchkey' | 'hashless'

export type Deployment = Awaited<ReturnType<typeof deploy>>

export interface DeployOptions {
  /** The version of Postgres: 15 for Debian's, which compiles plans (jit), or 18 for npm's. */
  postgres: string
  /** More of the command line of Postgres. */
  postgresArgs?: string[]
  /** Whether the stores write to the disk as in production, and clean up after themselves. */
  durable?: boolean
  /** Settings of the nodes, which win over those of every measurement. */
  settings?: Record<string, string>
}

const folderTouchMs = 600_000

/** Private stores with all migrations, and Latchkey built for production, to be started any number of times. */
export async function deploy ({ postgres, postgresArgs = [], durable = false, settings = {} }: DeployOptions) {
  const folder = makeTestFolder()
  // A run of tests beside this one removes folders in which nothing has happened for an hour.
  setInterval(() => utimesSync(folder, new Date(), new Date()), folderTouchMs).unref()
  const services = await startServices({
    dataDir: folder,
    durable,
    postgres: { ...await postgresOf(postgres), args: postgresArgs }
  })
  // In the project, where the packages outside a bundle are found.
  mkdirSync('.data', { recursive: true })
  const built = mkdtempSync(join('.data', 'build-'))
  process.once('exit', () => rmSync(built, { recursive: true, force: true }))
  await build(['bench/processes/hello.ts', 'bench/processes/latchkey.ts'], built)
  const env = {
    NODE_ENV: 'test',
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info',
    DATABASE_URL: services.databaseUrl,
    DATABASE_DIRECT_URL: services.databaseDirectUrl,
    REDIS_URL: services.redisUrl,
    REDIS_KEY_PREFIX: `bench:${randomBytes(6).toString('hex')}:`,
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    DATA_DIR: join(folder, 'data'),
    DOCS_ENABLED: 'false',
    RATE_LIMITS_ENABLED: 'false',
    ...settings
  }
  mkdirSync(env.DATA_DIR)
  await migrate(env)

  return { env, services, start, stop: services.stop }

  /** A new process on the same stores, limited to the processors `cores`, with further settings. */
  async function start (subject: Subject, cores: string, settings: Record<string, string> = {}) {
    return await startNode({
      script: join(built, subject === 'hello' ? 'hello.js' : 'latchkey.js'),
      cores,
      env: { ...env, ...settings, BENCH_HASHER: subject === 'hashless' ? 'none' : 'argon2id' },
      log: join(folder, `${subject}.log`)
    })
  }
}
