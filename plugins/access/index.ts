import fp from 'fastify-plugin'
import { createAuthentication } from '../../lib/access/authentication.ts'
import type { Authentication } from '../../lib/access/authentication.ts'
import { createVendorStore } from '../../lib/organisations/vendor-store.ts'
import { createUserStore } from '../../lib/users/user-store.ts'
import type { FeatureOptions } from '../feature.ts'
import approvals from './approvals.ts'
import principal from './principal.ts'
import rolesPlugin from './roles.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly authentication: Authentication }
}

export default fp<FeatureOptions>(async function accessFeature (app, { clock, workers }) {
  await app.register(rolesPlugin, { clock })
  await app.register(approvals, { workers })

  const { database, tokens, revocations, feed, roles } = app
  const stores = { users: createUserStore(database), vendors: createVendorStore(database) }
  const authentication = createAuthentication({ tokens, revocations, feed, roles, ...stores })
  app.decorate('authentication', authentication)
  feed.onStartOver(authentication.forget)

  await app.register(principal)
}, { name: 'access', dependencies: ['stores', 'changes', 'tokens'] })
