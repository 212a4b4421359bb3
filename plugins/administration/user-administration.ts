import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createAdministratorStore } from '../../lib/access/administrator-store.ts'
import { createChangeStore } from '../../lib/changes/change-store.ts'
import { createHierarchyStore } from '../../lib/access/hierarchy-store.ts'
import { createKnownDeviceStore } from '../../lib/sessions/known-device-store.ts'
import { createUserStore } from '../../lib/users/user-store.ts'
import { createUserActs } from '../../lib/administration/acts.ts'
import { createUserAdministration } from '../../lib/administration/users.ts'
import { createUserInvitations } from '../../lib/administration/invitations.ts'

type UserAdministration = ReturnType<typeof createUserAdministration> & ReturnType<typeof createUserInvitations>

declare module 'fastify' {
  interface FastifyInstance { readonly userAdministration: UserAdministration }
}

export default fp<{ clock: Clock }>(async function provideUserAdministration (app, { clock }) {
  const { database, feed, roles, approvals, sessions, accounts, lockout, oneTimeTokens, rateLimits, audit, jobs, metrics } = app
  const stores = { users: createUserStore(database), hierarchy: createHierarchyStore(), devices: createKnownDeviceStore(), changes: createChangeStore(database) }
  const acts = createUserActs({ database, feed, administrators: createAdministratorStore(), ...stores })
  const parts = { database, acts, roles, approvals, sessions, accounts, lockout, oneTimeTokens, rateLimits, audit, jobs, metrics, clock, ...stores }

  app.decorate('userAdministration', { ...createUserAdministration(parts), ...createUserInvitations(parts) })
}, { name: 'user-administration', dependencies: ['postgres', 'change-feed', 'roles', 'approvals', 'sessions', 'accounts', 'lockout', 'one-time-tokens', 'rate-limits', 'audit', 'jobs', 'metrics'] })
