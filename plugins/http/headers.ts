import fp from 'fastify-plugin'
import { securityHeaders } from '../../lib/http/problem.ts'

/** The headers of every answer. A route that may be cached or shown says so itself. */
export default fp(async function setHeaders (app) {
  app.addHook('onRequest', ({ id }, reply, done) => {
    reply.headers(securityHeaders).header('x-request-id', id)
    done()
  })
}, { name: 'headers' })
