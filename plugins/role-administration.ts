import fp from 'fastify-plugin'
import { createRoleAdministration } from '../lib/role-administration.ts'
import type { RoleAdministration } from '../lib/role-administration.ts'
import { createAdministratorStore } from '../lib/stores/administrators.ts'
import { createChangeStore } from '../lib/stores/changes.ts'
import { createHierarchyStore } from '../lib/stores/hierarchy.ts'
import { createRoleStore } from '../lib/stores/roles.ts'
import { createUserStore } from '../lib/stores/users.ts'
import { createUserActs } from '../lib/user-acts.ts'

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
