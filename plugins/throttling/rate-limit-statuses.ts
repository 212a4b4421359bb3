import fp from 'fastify-plugin'
import { createRateLimitStatuses, rateLimitFields } from '../../lib/http/rate-limit-status.ts'
import type { RateLimitStatuses } from '../../lib/http/rate-limit-status.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly rateLimitStatuses: RateLimitStatuses }
}

/** `app.rateLimitStatuses`, and the header fields that say how much of a limit is left, also on refusals. */
export default fp(async function tellRateLimitStatus (app) {
  const statuses = createRateLimitStatuses()

  app.decorate('rateLimitStatuses', statuses)
  app.addHook('onSend', ({ describedCaller }, reply, _payload, done) => {
    const status = describedCaller && statuses.of(describedCaller)
    if (status) reply.headers(rateLimitFields(status))
    done()
  })
}, { name: 'rate-limit-statuses', dependencies: ['http'] })
