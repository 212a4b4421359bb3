import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../lib/http/caller.ts'
import { canonicalAddress, forwardedAddress } from '../../lib/http/client-address.ts'

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
/** How many characters of an address that cannot be read are logged. */
const forwardedLengthMax = 64

/** Time (ms) between two lines of the log about addresses that cannot be read. */
const logIntervalMs = 60_000

/** `request.caller`. It is made at the first access, once for each request. */
export default fp(async function describeCaller (app) {
  let silentUntil = 0

  app.decorateRequest('describedCaller', null)
  app.decorateRequest('caller', {
    getter () {
      this.describedCaller ??= describe(this)
      return this.describedCaller
    }
  })

  function describe (request: FastifyRequest): Caller {
    const userAgent = request.headers['user-agent']?.slice(0, userAgentLengthMax) || null
    return { ip: addressOf(request), userAgent, requestId: request.id }
  }

  /** The address of the caller; that of the connection if a trusted proxy has forwarded something else. */
  function addressOf ({ ip, socket: { remoteAddress } }: FastifyRequest): string {
    const address = forwardedAddress(ip)
    if (address !== undefined) return address

    const connected = canonicalAddress(remoteAddress)
    // A connection through a Unix socket has no address, and nothing was forwarded.
    if (connected !== undefined) reportUnreadable(ip)
    return connected ?? '0.0.0.0'
  }

  function reportUnreadable (element: string) {
    app.metrics.increment('forwarded_unreadable', {})
    if (performance.now() < silentUntil) return
    silentUntil = performance.now() + logIntervalMs
    const forwarded = element.slice(0, forwardedLengthMax)
    app.log.warn({ forwarded }, 'X-Forwarded-For cannot be read, so the proxy counts as the caller')
  }
}, { name: 'request-caller', decorators: { fastify: ['metrics'] } })
