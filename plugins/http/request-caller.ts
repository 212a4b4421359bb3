import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../lib/http/caller.ts'
import { canonicalAddress } from '../../lib/http/client-address.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent the request, as limits and the audit trail know them. */
    readonly caller: Caller
    /** The caller, once somebody has asked for it. */
    describedCaller: Caller | null
  }
}

/** `request.caller`, described once for each request that asks for it. */
export default fp(async function describeCaller (app) {
  app.decorateRequest('describedCaller', null)
  app.decorateRequest('caller', { getter: callerOf })
}, { name: 'request-caller' })

function callerOf (this: FastifyRequest): Caller {
  this.describedCaller ??= describe(this)
  return this.describedCaller
}

function describe (request: FastifyRequest): Caller {
  // A trusted proxy may pass on something that is no address; then the proxy itself counts as the caller.
  const ip = canonicalAddress(request.ip) ?? canonicalAddress(request.socket.remoteAddress) ?? '0.0.0.0'
  const userAgent = request.headers['user-agent']?.slice(0, 512) || null

  return { ip, userAgent, requestId: request.id }
}
