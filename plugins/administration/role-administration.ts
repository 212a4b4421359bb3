import fp from 'fastify-plugin'
import { createRoleAdministration } from '../../lib/administration/roles.ts'
import type { RoleAdministration } from '../../lib/administration/roles.ts'
import { createAdministratorStore } from '../../lib/access/administrator-store.ts'
import { createChangeStore } from '../../lib/changes/change-store.ts'
import { createHierarchyStore } from '../../lib/access/hierarchy-store.ts'
import { createRoleStore } from '../../lib/access/role-store.ts'
import { createUserStore } from '../../lib/users/user-store.ts'
import { createUserActs } from '../../lib/administration/acts.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly roleAdministration: RoleAdministration }
}

export default fp(async function provideRoleAdministration (app) {
  const { database, roles, feed, audit } = app
  const administrators = createAdministratorStore()
  const acts = createUserActs({ database, feed, administrators, hierarchy: createHierarchyStore(), users: createUserStore(database) })
  const stores = { store: createRoleStore(database), changes: createChangeStore(database), administrators }
  app.decorate('roleAdministration', createRoleAdministration({ database, roles, acts, feed, audit, ...stores }))
}, { name: 'role-administration', dependencies: ['postgres', 'roles', 'change-feed', 'audit'] })
