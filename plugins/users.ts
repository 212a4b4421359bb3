import fp from 'fastify-plugin'
import type { Clock } from '../lib/clock.ts'
import { createChangeStore } from '../lib/stores/changes.ts'
import { createKnownDeviceStore } from '../lib/stores/known-devices.ts'
import { createUserStore } from '../lib/stores/users.ts'
import { createUsers } from '../lib/users.ts'
import type { Users } from '../lib/users.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly users: Users }
}

export default fp<{ clock: Clock }>(async function provideUsers (app, { clock }) {
  const { database, sessions, lockout, audit, feed } = app
  const stores = { users: createUserStore(database), devices: createKnownDeviceStore({ most: 10 }), changes: createChangeStore(database) }
  app.decorate('users', createUsers({ database, ...stores, sessions, lockout, audit, feed, clock }))
}, { name: 'users', dependencies: ['sessions', 'lockout', 'audit', 'change-feed'] })
