import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../lib/http/caller.ts'
import type { Config } from '../../lib/config/config.ts'
import { canonicalAddress, forwardedAddress } from '../../lib/http/client-address.ts'
import { createTrustedProxies } from '../../lib/http/trusted-proxies.ts'

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

export type RequestCallerOptions = Pick<Config['http'], 'trustProxy' | 'clientAddressHeader'>

/** `request.caller`. It is made at the first access, once for each request. */
export default fp<RequestCallerOptions>(async function describeCaller (app, { trustProxy, clientAddressHeader }) {
  const isProxy = createTrustedProxies(trustProxy)
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
  function addressOf (request: FastifyRequest): string {
    const forwarded = clientNamedBy(request) ?? request.ip
    const address = forwardedAddress(forwarded)
    if (address !== undefined) return address

    const connected = canonicalAddress(request.socket.remoteAddress)
    // A connection through a Unix socket has no address, and nothing was forwarded.
    if (connected !== undefined) reportUnreadable(forwarded)
    return connected ?? '0.0.0.0'
  }

  /** What a trusted proxy says in the header for the client's address. Its own health checks do without. */
  function clientNamedBy ({ headers, socket: { remoteAddress } }: FastifyRequest): string | undefined {
    const named = clientAddressHeader === null ? undefined : headers[clientAddressHeader]
    return named !== undefined && isProxy(remoteAddress) ? String(named) : undefined
  }

  function reportUnreadable (element: string) {
    app.metrics.increment('forwarded_unreadable', {})
    if (performance.now() < silentUntil) return
    silentUntil = performance.now() + logIntervalMs
    const forwarded = element.slice(0, forwardedLengthMax)
    app.log.warn({ forwarded }, 'The forwarded address cannot be read, so the proxy counts as the caller')
  }
}, { name: 'request-caller', decorators: { fastify: ['metrics'] } })
