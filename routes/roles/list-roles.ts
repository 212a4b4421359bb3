import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { RoleList } from '../schemas/role.ts'

const schema = {
  operationId: 'listRoles',
  tags: ['Administration'],
  summary: 'List the roles',
  description: 'Needs `users:read`.',
  response: { 200: RoleList }
}

const listRoles: FastifyPluginAsyncTypebox = async app => {
  app.get('/', { schema }, async () => await app.roleAdministration.list())
}

export default listRoles
