import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createStatistics } from '../../lib/administration/statistics.ts'
import type { Statistics } from '../../lib/administration/statistics.ts'
import { createStatisticsStore } from '../../lib/administration/statistics-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly statistics: Statistics }
}

export default fp<{ clock: Clock }>(async function provideStatistics (app, { clock }) {
  app.decorate('statistics', createStatistics({ store: createStatisticsStore(app.database), clock }))
}, { name: 'statistics', dependencies: ['postgres'] })
