import cluster from 'node:cluster'
import fs from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import { createClock } from './lib/clock.ts'
import { ConfigError, describeConfig, listWarnings, loadConfig, readEnvironment } from './lib/config/config.ts'
import { createLogSink } from './lib/operations/log-sink.ts'
import { logStream } from './lib/operations/log-stream.ts'
import type { FastifyInstance } from 'fastify'
import type { Config } from './lib/config/config.ts'

/** What asks a process to end. Process 1 of a container ignores them for as long as it has no handler. */
const stopSignals = ['SIGTERM', 'SIGINT'] as const
/** The file descriptor of the standard output. */
const stdout = 1

for (const signal of stopSignals) process.on(signal, endBeforeStart)
// The end of a terminal is no reason to stop. Without a handler it would end the process.
process.on('SIGHUP', () => {})

try {
  const env = readEnvironment(process.cwd(), process.env)
  await serve(loadConfig(env), listWarnings(env))
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  console.error(error.message)
  process.exitCode = 1
  // The channel to a process manager, such as PM2, would keep this process alive.
  if (process.connected) process.disconnect()
}

async function serve (config: Config, warnings: ReturnType<typeof listWarnings>) {
  const { host, port, version, shutdownTimeout } = config.process
  // PM2 in cluster mode replaces the standard output of its workers.
  const sink = createLogSink({ file: cluster.isWorker ? logStream(process.stdout) : fs, fd: stdout })
  process.on('exit', sink.flushSync)
  // Loaded only now, because most of a start is spent on it and a signal must be heard meanwhile.
  const [{ default: latchkey }, { createServer }] = await Promise.all([
    import('./app.ts'),
    import('./plugins/http/server.ts')
  ])
  const app = createServer(config, config.logger.pretty ? {} : { stream: sink })

  app.log.info({ version, node: process.version, config: describeConfig(config) }, 'Latchkey starts')
  for (const { code, message, ...rest } of warnings) app.log.warn({ finding: code, ...rest }, message)
  try {
    await app.register(latchkey, { config, clock: createClock() })
    await app.ready()
    app.metrics.total('latchkey_log_lines_lost_total', 'Lines that the log did not take.', sink.lost)
    app.log.info(await connections(app, config), 'Latchkey is connected')
    for (const signal of stopSignals) process.off(signal, endBeforeStart)
    const grace = { delay: shutdownTimeout + 5000, logger: app.log, skip: ['SIGHUP' as const] }
    closeWithGrace(grace, ({ signal, err }) => stop(app, config.process, signal, err))
    // First, so that a node which cannot be watched takes no request.
    await app.openMetricsPort()
    await app.listen({ host, port })
  } catch (err) {
    app.log.fatal({ err }, 'Latchkey cannot start')
    await app.close().catch(() => {})
    process.exit(1)
  }
}

/** Nothing has been begun that would have to be finished. */
function endBeforeStart () {
  process.exit(0)
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
  if (err) {
    app.log.fatal({ err }, 'unexpected error, Latchkey stops')
    app.errorReports.report(err, { where: 'process', isFatal: true })
  } else app.log.info({ signal }, 'Latchkey stops')

  app.health.drain()
  if (!err) await setTimeout(drainTime)
  // A request that has not finished by then is cut off, so that pools and sockets are closed in any case.
  const cut = globalThis.setTimeout(() => app.server.closeAllConnections(), shutdownTimeout - drainTime)
  await app.close()
  clearTimeout(cut)
  app.log.info('Latchkey has stopped')
}
