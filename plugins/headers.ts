import helmet from '@fastify/helmet'
import fp from 'fastify-plugin'
import { securityHeaders } from '../lib/problem.ts'

/** The headers of every answer. A route that may be cached or shown says so itself. */
export default fp(async function setHeaders (app) {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], frameAncestors: ["'none'"] } },
    strictTransportSecurity: { maxAge: 63_072_000, includeSubDomains: true },
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' }
  })

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': securityHeaders['cache-control'], 'x-request-id': request.id })
  })
}, { name: 'headers' })
