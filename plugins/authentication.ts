import fp from 'fastify-plugin'
import { createAuthentication } from '../lib/authentication.ts'
import type { Authentication } from '../lib/authentication.ts'
import { createUserStore } from '../lib/stores/users.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly authentication: Authentication }
}

export default fp(async function authenticateRequests (app) {
  const { tokens, revocations, feed, roles } = app
  app.decorate('authentication', createAuthentication({ tokens, revocations, feed, roles, users: createUserStore(app.database) }))
}, { name: 'authentication', dependencies: ['tokens', 'revocations', 'change-feed', 'roles', 'postgres'] })
