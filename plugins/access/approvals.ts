import fp from 'fastify-plugin'
import { createApprovals } from '../../lib/access/approvals.ts'
import type { Approvals } from '../../lib/access/approvals.ts'
import { createHierarchyStore } from '../../lib/access/hierarchy-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly approvals: Approvals }
}

export default fp(async function provideApprovals (app) {
  app.decorate('approvals', createApprovals({ hierarchy: createHierarchyStore(), jobs: app.jobs }))
}, { name: 'approvals', dependencies: ['jobs'] })
