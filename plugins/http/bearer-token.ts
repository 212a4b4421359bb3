import fp from 'fastify-plugin'
import { readBearer } from '../../lib/http/bearer.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the Authorization header carries, not yet judged; undefined without one. */
    readonly bearerToken: string | undefined
    /** The same, once somebody has asked for it; null before. */
    readBearerToken: string | undefined | null
  }
}

/** `request.bearerToken`, read once for each request that asks for it. */
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
