import fp from 'fastify-plugin'
import type { RequestEnd } from 'fastify'
import { toRefusal } from '../../lib/http/refusals.ts'

/** Measures every request and counts every refusal. */
export default fp<{ ends: RequestEnd[] }>(async function measureRequests (app, { ends }) {
  ends.push(({ method, is404, routeOptions: { url } }, reply, status) => {
    // A stream lasts as long as its reader likes, which says nothing about this node.
    if (String(reply.getHeader('content-type')).startsWith('text/event-stream')) return
    const route = is404 || url === undefined ? 'none' : url
    app.metrics.observe({ method: is404 ? 'ANY' : method, route, status: String(status) }, reply.elapsedTime / 1000)
  })
  app.addHook('onError', async (_request, _reply, error) => {
    app.metrics.increment('refused', { code: toRefusal(error).code })
  })
}, { name: 'http-metrics' })
