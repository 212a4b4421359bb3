import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { tagged } from '../schemas/entity-tags.ts'
import { RoleList } from '../schemas/role.ts'

const schema = {
  operationId: 'listRoles',
  tags: ['Administration'],
  summary: 'List the roles',
  description: 'Needs `users:read`. The `ETag` is for a change of any of them.',
  response: { 200: tagged(RoleList) }
}

const listRoles: FastifyPluginAsyncTypebox = async app => {
  app.get('/', { schema }, async (_request, reply) => {
    const answer = await app.roleAdministration.list()
    reply.tag(answer.roles)
    return answer
  })
}

export default listRoles
