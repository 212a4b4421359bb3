import fp from 'fastify-plugin'
import { applicationQueue, createApprovals } from '../../lib/access/approvals.ts'
import type { Approvals } from '../../lib/access/approvals.ts'
import { createHierarchyStore } from '../../lib/access/hierarchy-store.ts'
import { createGatheringStore } from '../../lib/jobs/gathering-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly approvals: Approvals }
}

/** Gathered applicants are announced within half a minute (ms) after their hour has ended. */
const lookIntervalMs = 30_000

/** `app.approvals`. Nodes that do jobs announce gathered applicants, one at a time. */
export default fp<{ workers: boolean }>(async function provideApprovals (app, { workers }) {
  const { database, jobs } = app
  const stores = { hierarchy: createHierarchyStore(), gathering: createGatheringStore() }
  const approvals = createApprovals({ database, jobs, ...stores })

  app.decorate('approvals', approvals)
  // Jobs start after the schema has been checked.
  if (workers) app.addHook('onReady', async () => jobs.work(applicationQueue, approvals.announceGathered, schedule))
}, { name: 'approvals', dependencies: ['stores', 'jobs'] })

const schedule = { concurrency: 1, lookIntervalMs }
