import type { FastifyPluginAsync } from 'fastify'
import deleteRole from './delete-role.ts'
import listRoles from './list-roles.ts'
import putRole from './put-role.ts'

const needing = {
  'users:read': [listRoles],
  'roles:write': [putRole, deleteRole]
}

/** Everything under `/roles`: who may come in. What somebody may make of a role is asked where it is made. */
const roles: FastifyPluginAsync = async app => {
  for (const [permission, routes] of Object.entries(needing)) {
    app.register(async context => {
      context.addHook('onRequest', app.requireSession())
      context.addHook('onRequest', app.limitRequests.bySession)
      context.addHook('onRequest', app.requirePermission(permission))
      for (const route of routes) context.register(route)
    })
  }
}

export default roles
