import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createJobGauges } from '../../lib/jobs/job-gauges.ts'

/** How often (ms) a listening node counts the jobs. */
const lookIntervalMs = 15_000

/** Gauges of the jobs that wait and that have failed. */
export default fp<{ clock: Clock }>(async function showJobs (app, { clock }) {
  const { jobs, metrics } = app
  const gauges = createJobGauges({ jobs, metrics, clock })
  let timer: NodeJS.Timeout | undefined

  app.addHook('onListen', async () => {
    look()
    timer = setInterval(look, lookIntervalMs)
  })
  app.addHook('onClose', async () => clearInterval(timer))

  // If Postgres does not answer, the gauges show nothing after some time, and other alarms say why.
  function look () {
    gauges.look().catch((error: unknown) => app.log.debug({ err: error }, 'jobs could not be counted'))
  }
}, { name: 'job-gauges', dependencies: ['monitoring'] })
