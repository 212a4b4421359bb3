import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { problems } from '../schemas/problem.ts'
import { RoleParams } from '../schemas/role.ts'

const schema = {
  operationId: 'deleteRole',
  tags: ['Administration'],
  summary: 'Remove a role',
  description: 'Needs `roles:write`, a rank above the role’s and a recent sign-in. 409 `role_in_use`: somebody has it, or is registering into it.',
  params: RoleParams,
  response: { 204: Type.Null({ description: 'Removed.' }), ...problems(401, 403, 404, 409, 414, 429, 503) }
}

const deleteRole: FastifyPluginAsyncTypebox = async app => {
  app.delete('/:name', { schema }, async (request, reply) => {
    await app.roleAdministration.remove(request.params.name, request)
    reply.code(204)
  })
}

export default deleteRole
