import Fastify, { LogController } from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { Config } from '../../lib/config/config.ts'
import { answerExpectation, serverOptions } from '../../lib/http/server-options.ts'
import { logOnce } from '../../lib/operations/request-log.ts'
import { securityHeaders } from './security-headers.ts'

export interface ServerParts {
  /** Takes the lines of the log in place of pino's own destination. */
  stream?: { write (line: string): void }
  /** Compiles the schemas of routes in place of Fastify's own; the tests hand in one that remembers. */
  schemaController?: NonNullable<FastifyServerOptions['schemaController']>
}

/**
 * The one way to a Fastify instance: the server, the commands, the benchmarks and the tests all build on the same. It
 * has no plugins yet.
 */
export function createServer (
  config: Pick<Config, 'http' | 'logger'>,
  { stream, schemaController }: ServerParts = {}
): FastifyInstance {
  const { logger, ...options } = serverOptions(config, securityHeaders)

  const app = Fastify({
    ...options,
    logger: { ...logger, ...(stream && { stream }) },
    logController: logOnce(new LogController()),
    ...(schemaController && { schemaController })
  })
  app.server.on('checkExpectation', (request, response) => answerExpectation(request, response, securityHeaders))
  return app
}
