import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createRateLimits } from '../../lib/throttling/rate-limits.ts'
import type { RateLimits } from '../../lib/throttling/rate-limits.ts'
import { rateLimitFields } from '../../lib/http/rate-limit-fields.ts'
import { createRateLimitStore } from '../../lib/throttling/rate-limit-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly rateLimits: RateLimits }
}

/** `app.rateLimits`, and the fields that tell a client where it stands, on refusals too. */
export default fp<Config['rateLimits'] & { clock: Clock }>(async function limitRates (app, { clock, ...limits }) {
  app.decorate('rateLimits', createRateLimits({
    store: createRateLimitStore(app.cache, clock),
    keys: app.secrets.derive('rate limits'),
    limits
  }))

  app.addHook('onSend', ({ standing }, reply, _payload, done) => {
    if (standing) reply.headers(rateLimitFields(standing))
    done()
  })
}, { name: 'rate-limits', dependencies: ['cache', 'secrets', 'client'] })
