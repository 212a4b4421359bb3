import type { FastifyPluginAsync } from 'fastify'
import deleteRole from './delete-role.ts'
import listRoles from './list-roles.ts'
import putRole from './put-role.ts'
import { guardedBy } from '../guarded.ts'

/** Everything under `/roles`, by the permission that it needs. The use case compares ranks and permissions. */
const roles: FastifyPluginAsync = async app => {
  guardedBy(app, { 'users:read': [listRoles] })
  guardedBy(app, { 'roles:write': [putRole, deleteRole] }, [app.requireRecentSignIn])
}

export default roles
