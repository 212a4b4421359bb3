import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { codes } from '../schemas/refusals.ts'
import { RoleParams } from '../schemas/role.ts'

const schema = {
  operationId: 'deleteRole',
  tags: ['Administration'],
  summary: 'Remove a role',
  description: 'Needs `roles:write`, a rank above the role’s and a recent sign-in. 409 `role_in_use`: somebody has it, or is registering into it.',
  params: RoleParams,
  response: { 204: Type.Null({ description: 'Removed.' }) },
  refusals: codes('role_in_use')
}

const deleteRole: FastifyPluginAsyncTypebox = async app => {
  app.delete('/:name', { schema }, async (request, reply) => {
    await app.roleAdministration.remove(request.params.name, request)
    reply.code(204)
  })
}

export default deleteRole
