import { AjvCompiler } from '@fastify/ajv-compiler'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import Fastify, { LogController } from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { Config } from '../../lib/config/config.ts'
import { boundPipelining } from '../../lib/http/server/pipelining.ts'
import { shareCompiled } from '../../lib/http/server/schema-compilers.ts'
import type { CompilerFactories } from '../../lib/http/server/schema-compilers.ts'
import { answerExpectation, serverOptions } from '../../lib/http/server/server-options.ts'
import { logOnce } from '../../lib/operations/request-log.ts'
import { securityHeaders } from './security-headers.ts'

type Compilers = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

export interface ServerParts {
  /** Takes the lines of the log in place of pino's own destination. */
  stream?: { write (line: string): void }
  /** Compiles the schemas of routes; the tests share one among many servers. */
  compilersFactory?: Compilers
}

/**
 * The one way to a Fastify instance: the server, the commands, the benchmarks and the tests all build on the same. It
 * has no plugins yet.
 */
export function createServer (
  config: Pick<Config, 'http' | 'logger'>,
  { stream, compilersFactory = createCompilers() }: ServerParts = {}
): FastifyInstance {
  const { logger, ...options } = serverOptions(config, securityHeaders)

  const app = Fastify({
    ...options,
    logger: { ...logger, ...(stream && { stream }) },
    logController: logOnce(new LogController()),
    schemaController: { compilersFactory }
  })
  boundPipelining(app.server)
  app.server.on('checkExpectation', (request, response) => answerExpectation(request, response, securityHeaders))
  return app
}

/** Fastify's own compilers of schemas, with less to do. Their types leave out what Fastify hands them: a route. */
export function createCompilers (): Compilers {
  const own = { buildValidator: AjvCompiler(), buildSerializer: SerializerSelector() }
  return shareCompiled(own as CompilerFactories) as Compilers
}
