import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createChangeStore } from '../../lib/changes/change-store.ts'
import { createKnownDeviceStore } from '../../lib/sessions/known-device-store.ts'
import { createUserStore } from '../../lib/users/user-store.ts'
import { createUsers } from '../../lib/administration/unlocking.ts'
import type { Users } from '../../lib/administration/unlocking.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly users: Users }
}

export default fp<{ clock: Clock }>(async function provideUsers (app, { clock }) {
  const { database, sessions, lockout, audit, feed } = app
  const stores = { users: createUserStore(database), devices: createKnownDeviceStore({ most: 10 }), changes: createChangeStore(database) }
  app.decorate('users', createUsers({ database, ...stores, sessions, lockout, audit, feed, clock }))
}, { name: 'users', dependencies: ['sessions', 'lockout', 'audit', 'change-feed'] })
