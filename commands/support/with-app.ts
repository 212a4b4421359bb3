import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { createClock } from '../../lib/clock.ts'
import { loadConfig, readEnvironment } from '../../lib/config/config.ts'
import type { Config, Environment } from '../../lib/config/config.ts'
import type { Caller } from '../../lib/http/caller.ts'
import type { Surroundings } from './command.ts'
import { progress } from './progress.ts'

/** Runs work with the app as the server builds it, but without routes and jobs. Closes it after the work. */
export async function withApp<T> (
  { env, stderr }: Pick<Surroundings, 'env' | 'stderr'>,
  work: (app: FastifyInstance) => Promise<T>
): Promise<T> {
  const config = readConfig(env)
  progress(stderr, 'Connecting …')
  const { default: latchkey } = await import('../../app.ts')
  const { createServer } = await import('../../plugins/http/server.ts')
  const app = createServer({ ...config, logger: { level: 'silent', pretty: false } })

  try {
    await app.register(latchkey, { config, clock: createClock(), workers: false, answers: false })
    await app.ready()
    return await work(app)
  } finally {
    await app.close()
  }
}

/** The settings of the server as `given` and the file beside the program have them, not checked. */
export function readSettings (given: Environment): Environment {
  return readEnvironment(process.cwd(), given)
}

/**
 * The settings of the server.
 * @param given the environment
 * @param standIns values for settings that a command does not use: `migrate` runs without the keys, for instance
 */
export function readConfig (given: Environment, standIns: Record<string, string> = {}): Config {
  const env = readSettings(given)
  const isMissing = (name: string) => env[name] === undefined && env[`${name}_FILE`] === undefined
  const missing = Object.entries(standIns).filter(([name]) => isMissing(name))
  return loadConfig(env['NODE_ENV'] === 'development' ? env : { ...env, ...Object.fromEntries(missing) })
}

/** The caller of a command, for the audit trail. */
export function operator (): Caller {
  return { ip: '127.0.0.1', userAgent: 'latchkey, the command line', requestId: randomUUID() }
}
