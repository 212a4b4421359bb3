import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createRequestLimits } from '../../lib/throttling/node-limits.ts'
import { createServices } from '../../lib/oauth/services.ts'
import type { Services } from '../../lib/oauth/services.ts'
import { createServiceStore } from '../../lib/oauth/service-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly services: Services }
}

/** Wrong credentials from one client network, in each node: nobody guesses 256 bits, but nobody needs to try either. */
const rates = [{ limit: 30, window: 15 * 60_000 }]

export default fp<Pick<Config['rateLimits'], 'enabled'> & { clock: Clock }>(async function provideServices (app, { enabled, clock }) {
  app.decorate('services', createServices({
    database: app.database,
    store: createServiceStore(app.database),
    audit: app.audit,
    statuses: app.rateLimitStatuses,
    failures: enabled ? createRequestLimits(rates, { clock }) : null,
    clock
  }))
}, { name: 'services', dependencies: ['postgres', 'audit', 'rate-limit-statuses'] })
