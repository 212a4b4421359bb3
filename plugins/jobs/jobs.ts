import fp from 'fastify-plugin'
import { createJobs } from '../../lib/jobs/jobs.ts'
import type { Jobs } from '../../lib/jobs/jobs.ts'
import { createJobStore } from '../../lib/jobs/job-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly jobs: Jobs }
}

export interface JobsOptions {
  /** Milliseconds that jobs in hand get to finish when the server closes. */
  patience?: number
}

export default fp<JobsOptions>(async function provideJobs (app, { patience = 5000 }) {
  const jobs = createJobs({ store: createJobStore(app.database), log: app.log, metrics: app.metrics })

  app.decorate('jobs', jobs)
  // Before anything closes that a job works with.
  app.addHook('preClose', () => jobs.stop(patience))
}, { name: 'jobs', dependencies: ['postgres', 'metrics'] })
