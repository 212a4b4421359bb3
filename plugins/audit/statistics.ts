import fp from 'fastify-plugin'
import { createStatisticsStore } from '../../lib/administration/statistics-store.ts'
import { createStatistics } from '../../lib/administration/statistics.ts'
import type { Statistics } from '../../lib/administration/statistics.ts'
import type { Clock } from '../../lib/clock.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly statistics: Statistics }
}

/** Milliseconds from one count to the next, whatever the number of nodes. */
const countInterval = 300_000

/** How often (ms) a node looks whether a count is due. */
const lookInterval = 30_000

interface StatisticsOptions { clock: Clock, workers: boolean }

/** `app.statistics`. The nodes that listen count, one at a time, what takes too long while somebody waits. */
export default fp<StatisticsOptions>(async function provideStatistics (app, { clock, workers }) {
  const statistics = createStatistics({ store: createStatisticsStore(app.database), clock })

  app.decorate('statistics', statistics)
  if (workers) app.addHook('onListen', async () => app.jobs.work('statistics', count, schedule))

  async function count (_job: unknown, signal: AbortSignal) {
    await statistics.tidy(signal)
  }
}, { name: 'statistics', dependencies: ['stores', 'jobs'] })

const schedule = { concurrency: 1, every: countInterval, interval: lookInterval }
