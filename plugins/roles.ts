import fp from 'fastify-plugin'
import { createRoles } from '../lib/roles.ts'
import type { Roles } from '../lib/roles.ts'
import { createRoleStore } from '../lib/stores/roles.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly roles: Roles }
}

export default fp(async function readRoles (app) {
  const roles = createRoles(createRoleStore(app.database))

  await roles.reload()
  app.decorate('roles', roles)
}, { name: 'roles', dependencies: ['postgres'] })
