import fp from 'fastify-plugin'
import { readBearer } from '../../lib/http/bearer.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The token of the Authorization header, not yet verified; undefined without the header. */
    readonly bearerToken: string | undefined
    /** Keeps `bearerToken` after it has been read once; null before. */
    readBearerToken: string | undefined | null
  }
}

/** `request.bearerToken`. The header is read at the first access, once for each request. */
export default fp(async function readBearerTokens (app) {
  app.decorateRequest('readBearerToken', null)
  app.decorateRequest('bearerToken', {
    getter () {
      if (this.readBearerToken === null) {
        this.readBearerToken = readBearer(this.headers.authorization, this.raw.rawHeaders)
      }
      return this.readBearerToken
    }
  })
}, { name: 'bearer-token' })
