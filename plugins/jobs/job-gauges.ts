import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createJobGauges } from '../../lib/jobs/job-gauges.ts'
import { createRegularLooks } from '../../lib/operations/regular-looks.ts'

/** How often (ms) a listening node counts the jobs. */
const lookIntervalMs = 15_000

/** Gauges of the jobs that wait and that have failed. */
export default fp<{ clock: Clock }>(async function showJobs (app, { clock }) {
  const { jobs, metrics } = app
  const { look } = createJobGauges({ jobs, metrics, clock })
  const looks = createRegularLooks(look, {
    intervalMs: lookIntervalMs,
    note: error => app.log.debug({ err: error }, 'jobs could not be counted')
  })
  app.addHook('onListen', async () => looks.start())
  app.addHook('onClose', async () => looks.stop())
}, { name: 'job-gauges', dependencies: ['monitoring'] })
