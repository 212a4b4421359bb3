import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import { Refusal } from '../errors.ts'
import { isProbe, loggerOptions } from '../operations/logger.ts'
import { problemHeaders, renderProblem, securityHeaders } from './problem.ts'
import { toRefusal } from './refusals.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Config } from '../config/config.ts'

/** The options of Fastify's constructor, so that the server and the tests build the very same. Times are milliseconds. */
export function serverOptions ({ http, logger }: Pick<Config, 'http' | 'logger'>) {
  return {
    logger: loggerOptions(logger),
    bodyLimit: 32 * 1024,
    requestTimeout: 15_000,
    connectionTimeout: 30_000,
    keepAliveTimeout: 72_000,
    maxRequestsPerSocket: 10_000,
    http: { maxHeaderSize: 16 * 1024, headersTimeout: 10_000, connectionsCheckingInterval: 1000, requireHostHeader: false },
    // Requests that still arrive on open connections while this node drains are served, and the connection closed after.
    forceCloseConnections: 'idle' as const,
    return503OnClosing: false,
    trustProxy: http.trustProxy.length > 0 ? http.trustProxy : false,
    requestIdHeader: false as const,
    genReqId,
    childLoggerFactory,
    clientErrorHandler,
    frameworkErrors,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: false, caseSensitive: true, useSemicolonDelimiter: false, maxParamLength: 256 },
    // Nothing is coerced, nothing dropped; one violation is enough (all of them would be work for an attacker to ask for).
    ajv: { customOptions: { coerceTypes: false as const, removeAdditional: false as const, useDefaults: true, allErrors: false } }
  }
}

/** A client's own request id in a safe form, else a new one. */
function genReqId ({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID()
}

/** Names the id as the problem documents do, and keeps the probes of load balancers out of the log. */
function childLoggerFactory<L extends { level: string, child (bindings: object, options: object): L }> (logger: L, { reqId }: Record<string, unknown>, options: object, { url }: Pick<IncomingMessage, 'url'>): L {
  const isQuieter = isProbe(url) && /^(trace|debug|info)$/.test(logger.level)
  return logger.child({ request_id: reqId }, isQuieter ? { ...options, level: 'warn' } : options)
}

/** Answers URLs that the router cannot read; no hook runs for them. */
function frameworkErrors (error: Error & { statusCode?: number }, { id }: { id: string }, { raw }: { raw: ServerResponse }) {
  const refusal = toRefusal(error)
  const status = error.statusCode === 414 ? 414 : refusal.status

  raw.writeHead(status, { ...securityHeaders, ...problemHeaders(refusal), 'x-request-id': id })
    .end(JSON.stringify(renderProblem(refusal, id, status)))
}

const statusByError: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

/** Answers what is not HTTP, too large or too slow, and closes the connection (no request exists yet). */
function clientErrorHandler (error: Error & { code?: string }, socket: Socket) {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }

  const id = randomUUID()
  const status = statusByError[error.code ?? ''] ?? 400
  const refusal = new Refusal('malformed_request')
  const body = JSON.stringify(renderProblem(refusal, id, status))
  const headers = { ...securityHeaders, ...problemHeaders(refusal), 'x-request-id': id, 'content-length': Buffer.byteLength(body), connection: 'close' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')

  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n${body}`, () => socket.destroySoon())
}
