import fp from 'fastify-plugin'
import { canonicalAddress } from '../../lib/http/client-address.ts'
import type { FastifyRequest } from 'fastify'
import type { Client } from '../../lib/audit/audit.ts'
import type { Standing } from '../../lib/http/rate-limit-fields.ts'

declare module 'fastify' {
  interface FastifyRequest {
    readonly client: Client
    /** Where the client stands with the limit that was counted for this request last. */
    standing: Standing | null
  }
}

/** `request.client`: who asks, as limits and the audit trail know them. */
export default fp(async function describeClient (app) {
  app.decorateRequest('standing', null)
  app.decorateRequest('client', { getter: clientOf })
}, { name: 'client' })

function clientOf (this: FastifyRequest): Client {
  // A trusted proxy may pass on what is no address; then the proxy itself is who asks.
  const ip = canonicalAddress(this.ip) ?? canonicalAddress(this.socket.remoteAddress) ?? '0.0.0.0'
  const userAgent = this.headers['user-agent']?.slice(0, 512) || null

  return { ip, userAgent, requestId: this.id, onLimit: standing => { this.standing = standing } }
}
