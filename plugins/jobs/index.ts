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

export default fp<Pick<FeatureOptions, 'clock' | 'config'>>(async function jobsFeature (app, { clock, config }) {
  const { shutdownTimeout, drainTime } = config.process
  const { database, log, metrics, tracing, errorReports: { report } } = app
  const store = createJobStore(database)
  const jobs = createJobs({ store, log, metrics, tracing, report })

  app.decorate('jobs', jobs)
  app.decorate('queueRepair', createQueueRepair(createQueueStore(database), store))
  // Jobs stop before anything that they work with closes. A mail that is on its way has as much time as a request has.
  // The hook of a scope of its own runs after the hooks of all features, so the node does not listen while it waits.
  await app.register(async scope => {
    scope.addHook('preClose', () => jobs.stop(shutdownTimeout - drainTime))
  })
  await app.register(jobGauges, { clock })
}, { name: 'jobs', dependencies: ['monitoring', 'stores'] })
