import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import { Refusal } from '../../errors.ts'
import { isOneLine } from '../../formats/one-line.ts'
import { isProbe, loggerOptions, namesItsWork } from '../../operations/logger.ts'
import { problemHeaders, renderProblem } from '../problem.ts'
import { toRefusal } from '../refusals.ts'
import { createTrustedProxies } from '../trusted-proxies.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Config } from '../../config/config.ts'

/** The headers of every answer, by name. */
export type Headers = Readonly<Record<string, string>>

/**
 * The options of Fastify's constructor. Times are milliseconds.
 * @param securityHeaders are also written where no hook runs: for a URL or a request that cannot be read
 */
export function serverOptions ({ http, logger }: Pick<Config, 'http' | 'logger'>, securityHeaders: Headers) {
  return {
    logger: loggerOptions(logger),
    bodyLimit: 32 * 1024,
    // Some plugins hash or connect when they start, which can take longer than Fastify's ten seconds on a busy machine.
    pluginTimeout: 60_000,
    requestTimeout: 15_000,
    connectionTimeout: 30_000,
    keepAliveTimeout: 72_000,
    maxRequestsPerSocket: 10_000,
    http: {
      maxHeaderSize: 16 * 1024,
      headersTimeout: 10_000,
      connectionsCheckingInterval: 1000,
      requireHostHeader: false
    },
    // While this node drains, requests that still arrive on open connections are served; then the connection closes.
    forceCloseConnections: 'idle' as const,
    return503OnClosing: false,
    trustProxy: http.trustProxy.length > 0 ? createTrustedProxies(http.trustProxy) : false,
    requestIdHeader: false as const,
    genReqId,
    childLoggerFactory,
    clientErrorHandler: (error: ClientError, socket: Socket) => answerClientError(error, socket, securityHeaders),
    frameworkErrors: (error: FrameworkError, { id }: { id: string }, { raw }: { raw: ServerResponse }) =>
      answerFrameworkError(error, id, raw, securityHeaders),
    routerOptions: {
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: false,
      caseSensitive: true,
      useSemicolonDelimiter: false,
      maxParamLength: 256
    },
    // Nothing is coerced and nothing is dropped. Validation ends with the first violation, because a request could be
    // made to have very many.
    ajv: {
      customOptions: {
        coerceTypes: false as const,
        removeAdditional: false as const,
        useDefaults: true,
        allErrors: false,
        // The tests check that every schema is valid, so a start need not.
        validateSchema: false,
        // To optimise the code takes longer than it saves: V8 itself drops what is never used.
        code: { optimize: false },
        formats: { line: isOneLine }
      }
    }
  }
}

type ClientError = Error & { code?: string }
type FrameworkError = Error & { statusCode?: number }

/** A logger that can make another with bindings and options of its own. */
interface ParentLogger<L> { level: string, child (bindings: object, options: object): L }

/** A client's own request id in a safe form, else a new one. */
function genReqId ({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID()
}

/** Calls the request's id `request_id`, as problem documents do, and keeps probes of load balancers out of the log. */
function childLoggerFactory<L extends ParentLogger<L>> (
  logger: L,
  { reqId }: Record<string, unknown>,
  options: object,
  { url }: Pick<IncomingMessage, 'url'>
): L {
  const isQuieter = isProbe(url) && /^(trace|debug|info)$/.test(logger.level)
  const child = logger.child({ request_id: reqId }, isQuieter ? { ...options, level: 'warn' } : options)
  return Object.assign(child, { [namesItsWork]: true })
}

/** Answers URLs that the router cannot read; no hook runs for them. */
function answerFrameworkError (error: FrameworkError, id: string, raw: ServerResponse, securityHeaders: Headers) {
  const refusal = toRefusal(error)
  const status = error.statusCode === 414 ? 414 : refusal.status

  raw.writeHead(status, { ...securityHeaders, ...problemHeaders(refusal), 'x-request-id': id })
    .end(JSON.stringify(renderProblem(refusal, id, status)))
}

/** Answers an `Expect` header other than `100-continue` (RFC 9110 §10.1.1). Node would answer it without a body. */
export function answerExpectation (request: IncomingMessage, response: ServerResponse, securityHeaders: Headers) {
  const [id, status, refusal] = [genReqId(request), 417, new Refusal('malformed_request')]

  response.writeHead(status, { ...securityHeaders, ...problemHeaders(refusal), 'x-request-id': id, connection: 'close' })
    .end(JSON.stringify(renderProblem(refusal, id, status)))
}

const statusByError: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

/** Answers a request that is not HTTP, too large or too slow, before there is a Request, and closes the connection. */
function answerClientError (error: ClientError, socket: Socket, securityHeaders: Headers) {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }

  const id = randomUUID()
  const status = statusByError[error.code ?? ''] ?? 400
  const refusal = new Refusal('malformed_request')
  const body = JSON.stringify(renderProblem(refusal, id, status))
  const headers = {
    ...securityHeaders,
    ...problemHeaders(refusal),
    'x-request-id': id,
    'content-length': Buffer.byteLength(body),
    connection: 'close'
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')

  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n${body}`, () => socket.destroySoon())
}
