import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { codes } from '../schemas/refusals.ts'
import { UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'deleteUser',
  tags: ['Users'],
  summary: 'Erase an account',
  description: 'Needs `users:delete`, a rank above the user’s and a recent sign-in. The account and everything about it, for good, as if its owner had done it; they get one last mail. 409 `last_super_admin`: somebody must remain who may do everything.',
  params: UserParams,
  response: {
    204: Type.Null({ description: 'Erased, and signed out everywhere.' })
  },
  refusals: codes('last_super_admin')
}

const deleteUser: FastifyPluginAsyncTypebox = async app => {
  app.delete('/:id', { schema, config: { subject: 'id' } }, async (request, reply) => {
    await app.userAdministration.erase(request.params.id, request)
    reply.code(204)
  })
}

export default deleteUser
