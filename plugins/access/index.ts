import fp from 'fastify-plugin'
import { createApprovals } from '../../lib/access/approvals.ts'
import type { Approvals } from '../../lib/access/approvals.ts'
import { createAuthentication } from '../../lib/access/authentication.ts'
import type { Authentication } from '../../lib/access/authentication.ts'
import { createHierarchyStore } from '../../lib/access/hierarchy-store.ts'
import { createVendorStore } from '../../lib/organisations/vendor-store.ts'
import { createUserStore } from '../../lib/users/user-store.ts'
import type { FeatureOptions } from '../feature.ts'
import principal from './principal.ts'
import rolesPlugin from './roles.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly approvals: Approvals
    readonly authentication: Authentication
  }
}

export default fp<FeatureOptions>(async function accessFeature (app, { clock }) {
  await app.register(rolesPlugin, { clock })

  const { database, tokens, revocations, feed, roles, jobs } = app
  const stores = { users: createUserStore(database), vendors: createVendorStore(database) }
  app.decorate('approvals', createApprovals({ hierarchy: createHierarchyStore(), jobs }))
  app.decorate('authentication', createAuthentication({ tokens, revocations, feed, roles, ...stores }))

  await app.register(principal)
}, { name: 'access', dependencies: ['stores', 'jobs', 'changes', 'tokens'] })
