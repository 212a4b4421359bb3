import fp from 'fastify-plugin'
import { createIntrospection } from '../../lib/oauth/introspection.ts'
import type { Introspection } from '../../lib/oauth/introspection.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly introspection: Introspection }
}

export default fp(async function provideIntrospection (app) {
  const { database, authentication, tokens, sessions, audit, feed } = app
  app.decorate('introspection', createIntrospection({ database, authentication, tokens, sessions, audit, feed }))
}, { name: 'introspection', dependencies: ['postgres', 'authentication', 'tokens', 'sessions', 'audit', 'change-feed'] })
