import fp from 'fastify-plugin'
import { toRefusal } from '../../lib/http/refusals.ts'

/** Measures every request and counts every refusal. */
export default fp(async function measureRequests (app) {
  app.addHook('onResponse', ({ method, is404, routeOptions: { url } }, reply, done) => {
    const { elapsedTime, statusCode } = reply
    // A stream lasts as long as its reader likes, which says nothing about this node.
    if (String(reply.getHeader('content-type')).startsWith('text/event-stream')) return done()
    const route = is404 || url === undefined ? 'none' : url
    app.metrics.observe({ method: is404 ? 'ANY' : method, route, status: String(statusCode) }, elapsedTime / 1000)
    done()
  })
  app.addHook('onError', async (_request, _reply, error) => {
    app.metrics.increment('refused', { code: toRefusal(error).code })
  })
}, { name: 'http-metrics' })
