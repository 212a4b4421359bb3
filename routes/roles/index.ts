import type { FastifyPluginAsync } from 'fastify'
import deleteRole from './delete-role.ts'
import listRoles from './list-roles.ts'
import putRole from './put-role.ts'
import { guardedBy } from '../guarded.ts'

const needing = {
  'users:read': [listRoles],
  'roles:write': [putRole, deleteRole]
}

/** Everything under `/roles`, by the permission that it needs. The use case compares ranks and permissions. */
const roles: FastifyPluginAsync = async app => guardedBy(app, needing)

export default roles
