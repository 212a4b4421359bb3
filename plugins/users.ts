import fp from 'fastify-plugin'
import type { Clock } from '../lib/clock.ts'
import { createChangeStore } from '../lib/stores/changes.ts'
import { createUserStore } from '../lib/stores/users.ts'
import { createUsers } from '../lib/users.ts'
import type { Users } from '../lib/users.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly users: Users }
}

export default fp<{ clock: Clock }>(async function provideUsers (app, { clock }) {
  const { database, sessions, audit, feed } = app
  app.decorate('users', createUsers({ database, sessions, audit, feed, users: createUserStore(database), changes: createChangeStore(database), clock }))
}, { name: 'users', dependencies: ['sessions', 'audit', 'change-feed'] })
