import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../lib/http/caller.ts'
import { canonicalAddress } from '../../lib/http/client-address.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The sender of the request, for limits and the audit trail. */
    readonly caller: Caller
    /** Keeps `caller` after it has been read once; null before. */
    describedCaller: Caller | null
  }
}

/** How many characters of a User-Agent are kept. */
const userAgentLengthMax = 512

/** `request.caller`. It is made at the first access, once for each request. */
export default fp(async function describeCaller (app) {
  app.decorateRequest('describedCaller', null)
  app.decorateRequest('caller', { getter: callerOf })
}, { name: 'request-caller' })

function callerOf (this: FastifyRequest): Caller {
  this.describedCaller ??= describe(this)
  return this.describedCaller
}

function describe (request: FastifyRequest): Caller {
  // A trusted proxy may send something that is no address. Then the proxy itself counts as the caller.
  const ip = canonicalAddress(request.ip) ?? canonicalAddress(request.socket.remoteAddress) ?? '0.0.0.0'
  const userAgent = request.headers['user-agent']?.slice(0, userAgentLengthMax) || null

  return { ip, userAgent, requestId: request.id }
}
