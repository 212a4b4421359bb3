import fp from 'fastify-plugin'
import { createAuthentication } from '../../lib/access/authentication.ts'
import type { Authentication } from '../../lib/access/authentication.ts'
import { createUserStore } from '../../lib/users/user-store.ts'
import { createVendorStore } from '../../lib/organisations/vendor-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly authentication: Authentication }
}

export default fp(async function authenticateRequests (app) {
  const { tokens, revocations, feed, roles } = app
  const stores = { users: createUserStore(app.database), vendors: createVendorStore(app.database) }
  app.decorate('authentication', createAuthentication({ tokens, revocations, feed, roles, ...stores }))
}, { name: 'authentication', dependencies: ['tokens', 'revocations', 'change-feed', 'roles', 'postgres'] })
