import fp from 'fastify-plugin'
import type { FastifyRequest, RequestEnd } from 'fastify'
import type { Config } from '../../lib/config/config.ts'
import type { Trace } from '../../lib/context/tracing.ts'
import { readTraceparent } from '../../lib/http/traceparent.ts'
import { toRefusal } from '../../lib/http/refusals.ts'
import { createTrustedProxies } from '../../lib/http/trusted-proxies.ts'
import { isProbe } from '../../lib/operations/logger.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Null where nothing is traced, and for the probes of load balancers. */
    trace: Trace | null
    /** The code with which the request was refused; null if it was not. */
    refusedWith: string | null
  }
}

export type RequestTracesOptions =
  Pick<Config['traces'], 'traceparentFromProxy'> & Pick<Config['http'], 'trustProxy'> & { ends: RequestEnd[] }

/** The methods of the conventions for HTTP, apart from those that no route answers. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/**
 * Traces requests: by method, pattern of the route and status, without path, query, headers and address. The log of a
 * request then names its trace. A `traceparent` counts only from a proxy that is known to write it: a client that chose
 * the ids would decide what is kept, and could mix requests of strangers into a trace.
 */
export default fp<RequestTracesOptions>(async function traceRequests (app, options) {
  const { traceparentFromProxy, trustProxy, ends } = options
  const isProxy = createTrustedProxies(traceparentFromProxy ? trustProxy : [])

  app.decorateRequest('trace', null)
  app.decorateRequest('refusedWith', null)
  if (!app.tracing.isOn) return

  app.addHook('onRequest', (request, reply, done) => {
    if (!isProbe(request.url)) {
      request.trace = begin(request)
      request.log = reply.log = request.log.child(request.trace?.ids ?? {})
    }
    done()
  })
  app.addHook('onError', async (request, _reply, error) => { request.refusedWith = toRefusal(error).code })
  ends.push(({ trace, refusedWith }, _reply, status) => {
    trace?.end({
      attributes: {
        'http.response.status_code': status,
        ...(refusedWith !== null && { 'latchkey.refusal': refusedWith })
      },
      failure: status >= 500 ? refusedWith ?? String(status) : null
    })
  })

  function begin (request: FastifyRequest) {
    const { headers, socket, is404, routeOptions: { url } } = request
    const method = methods.has(request.method) ? request.method : '_OTHER'
    const route = is404 || url === undefined ? {} : { 'http.route': url }
    const parent = isProxy(socket.remoteAddress) ? readTraceparent(headers.traceparent) : null

    return app.tracing.begin(`${method} ${route['http.route'] ?? ''}`.trim(), {
      role: 'server',
      attributes: { 'http.request.method': method, ...route },
      parent
    })
  }
}, { name: 'request-traces' })
