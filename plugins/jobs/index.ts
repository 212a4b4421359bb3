import fp from 'fastify-plugin'
import { createJobStore } from '../../lib/jobs/job-store.ts'
import { createJobs } from '../../lib/jobs/jobs.ts'
import type { Jobs } from '../../lib/jobs/jobs.ts'
import { createQueueRepair } from '../../lib/jobs/queue-repair.ts'
import type { QueueRepair } from '../../lib/jobs/queue-repair.ts'
import { createQueueStore } from '../../lib/jobs/queue-store.ts'
import type { FeatureOptions } from '../feature.ts'
import jobGauges from './job-gauges.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly jobs: Jobs
    readonly queueRepair: QueueRepair
  }
}

/** How long (ms) running jobs may go on when the server closes. */
const stopTimeoutMs = 5000

export default fp<Pick<FeatureOptions, 'clock'>>(async function jobsFeature (app, { clock }) {
  const { database, log, metrics, tracing, errorReports: { report } } = app
  const jobs = createJobs({ store: createJobStore(database), log, metrics, tracing, report })

  app.decorate('jobs', jobs)
  app.decorate('queueRepair', createQueueRepair(createQueueStore(app.database)))
  // Jobs stop before anything that they work with closes.
  app.addHook('preClose', () => jobs.stop(stopTimeoutMs))
  await app.register(jobGauges, { clock })
}, { name: 'jobs', dependencies: ['monitoring', 'stores'] })
