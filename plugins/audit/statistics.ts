import fp from 'fastify-plugin'
import { createStatisticsStore } from '../../lib/administration/statistics-store.ts'
import { createStatistics } from '../../lib/administration/statistics.ts'
import type { Statistics } from '../../lib/administration/statistics.ts'
import type { Clock } from '../../lib/clock.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly statistics: Statistics }
}

/** How often (ms) the statistics are counted, whatever the number of nodes. */
const countIntervalMs = 300_000

/** How often (ms) a node checks whether a count is due. */
const lookIntervalMs = 30_000

interface StatisticsOptions { clock: Clock, workers: boolean }

/** `app.statistics`. Counts that a request cannot wait for run in the background, on one listening node at a time. */
export default fp<StatisticsOptions>(async function provideStatistics (app, { clock, workers }) {
  const statistics = createStatistics({ store: createStatisticsStore(app.database), clock })

  app.decorate('statistics', statistics)
  if (workers) app.addHook('onListen', async () => app.jobs.work('statistics', count, schedule))

  async function count (_job: unknown, signal: AbortSignal) {
    await statistics.tidy(signal)
  }
}, { name: 'statistics', dependencies: ['stores', 'jobs'] })

/** A hundred million sessions are counted within this time (ms). */
const countTimeoutMs = 4 * 3_600_000

const schedule = {
  concurrency: 1,
  timeoutMs: countTimeoutMs,
  scheduleIntervalMs: countIntervalMs,
  lookIntervalMs
}
