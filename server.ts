import { setTimeout } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import { destination } from 'pino'
import latchkey from './app.ts'
import { createClock } from './lib/clock.ts'
import { ConfigError, describeConfig, loadConfig, readEnvironment } from './lib/config/config.ts'
import { createLogSink } from './lib/operations/log-sink.ts'
import { createServer } from './plugins/http/server.ts'
import type { FastifyInstance } from 'fastify'
import type { Config } from './lib/config/config.ts'

try {
  await serve(loadConfig(readEnvironment(process.cwd(), process.env)))
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  console.error(error.message)
  process.exitCode = 1
}

async function serve (config: Config) {
  const { host, port, version } = config.process
  const app = createServer(config, config.logger.pretty ? {} : { stream: createLogSink(destination) })

  app.log.info({ version, node: process.version, config: describeConfig(config) }, 'Latchkey starts')
  try {
    await app.register(latchkey, { config, clock: createClock() })
    await app.ready()
    app.log.info(await connections(app, config), 'Latchkey is connected')
    const grace = { delay: config.process.shutdownTimeout + 5000, logger: app.log }
    closeWithGrace(grace, ({ signal, err }) => stop(app, config.process, signal, err))
    await app.listen({ host, port })
  } catch (err) {
    app.log.fatal({ err }, 'Latchkey cannot start')
    await app.close().catch(() => {})
    process.exit(1)
  }
}

async function connections (app: FastifyInstance, { postgres: { poolMax, poolMin } }: Config) {
  const pingMs = Math.ceil(await app.database.ping())
  return { postgres: { ping_ms: pingMs, pool: { max: poolMax, min: poolMin } }, redis: app.redis.status }
}

/** Answers "not ready" at once, goes on serving for `drainTime` so that balancers see it, then takes nothing new. */
async function stop (
  app: FastifyInstance,
  { drainTime, shutdownTimeout }: Config['process'],
  signal: string | undefined,
  err: Error | undefined
) {
  if (err) app.log.fatal({ err }, 'unexpected error, Latchkey stops')
  else app.log.info({ signal }, 'Latchkey stops')

  app.health.drain()
  if (!err) await setTimeout(drainTime)
  // A request that has not finished by then is cut off, so that pools and sockets are closed in any case.
  const cut = globalThis.setTimeout(() => app.server.closeAllConnections(), shutdownTimeout - drainTime)
  await app.close()
  clearTimeout(cut)
  app.log.info('Latchkey has stopped')
}
