import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import latchkey from '../../app.ts'
import { createClock } from '../../lib/clock.ts'
import { loadConfig } from '../../lib/config/config.ts'
import { createServer } from '../../plugins/http/server.ts'
import { onceAskedToEnd } from '../processes/signals.ts'
import { type Services, startServices } from '../services/services.ts'
import { migrate } from '../services/template.ts'
import { makeTestFolder } from '../tests/folder.ts'

/**
 * For programs that write down what a new deployment has: calls `write` with its app, on private stores that end with
 * the program. If anything fails, the program says so and exits with 1.
 * @param settings beside those of the stores
 */
export async function writeFromNewDeployment (
  write: (app: FastifyInstance) => Promise<void>, settings: Record<string, string> = {}
): Promise<void> {
  const folder = makeTestFolder()
  let services: Services | undefined

  onceAskedToEnd(() => { end().finally(() => process.exit(130)) })

  try {
    services = await startServices({ dataDir: folder, durable: false })
    await withApp(services)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
  await end()

  async function withApp ({ databaseUrl, databaseDirectUrl, redisUrl }: Services) {
    const env = {
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      DATA_DIR: folder,
      DATABASE_URL: databaseUrl,
      DATABASE_DIRECT_URL: databaseDirectUrl,
      REDIS_URL: redisUrl,
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      ...settings
    }
    await migrate(env)

    const config = loadConfig(env)
    const app = createServer(config)
    try {
      await app.register(latchkey, { config, clock: createClock(), workers: false })
      await app.ready()
      await write(app)
    } finally {
      await app.close()
    }
  }

  async function end () {
    await services?.stop()
  }
}
