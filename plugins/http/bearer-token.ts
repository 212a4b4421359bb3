import fp from 'fastify-plugin'
import { readBearer } from '../../lib/http/bearer.ts'

declare module 'fastify' {
  interface FastifyRequest { readonly bearerToken: string | undefined }
}

/** `request.bearerToken`: what the Authorization header carries, not yet judged. */
export default fp(async function readBearerTokens (app) {
  app.decorateRequest('bearerToken', { getter () { return readBearer(this.headers.authorization, this.raw.rawHeaders) } })
}, { name: 'bearer-token' })
