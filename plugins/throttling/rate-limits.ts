import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createRateLimits } from '../../lib/throttling/rate-limits.ts'
import type { RateLimits } from '../../lib/throttling/rate-limits.ts'
import { createRateLimitStore } from '../../lib/throttling/rate-limit-store.ts'
import { purposes } from '../../lib/crypto/purposes.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly rateLimits: RateLimits }
}

export default fp<Config['rateLimits'] & { clock: Clock }>(async function limitRates (app, { clock, ...limits }) {
  app.decorate('rateLimits', createRateLimits({
    store: createRateLimitStore(app.scripts, clock),
    statuses: app.rateLimitStatuses,
    keys: app.secrets.derive(purposes.rateLimits),
    limits
  }))
}, { name: 'rate-limits', dependencies: ['redis-scripts', 'secrets', 'rate-limit-statuses'] })
