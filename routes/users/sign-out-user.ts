import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'
import { ofBody, problems } from '../schemas/problem.ts'
import { UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'signOutUser',
  tags: ['Users'],
  summary: 'Sign a user out everywhere',
  description: 'Needs `sessions:revoke` and a rank above the user’s. Their sessions are told so (`revoked_by_admin`).',
  params: UserParams,
  body: NoBody,
  response: {
    204: Type.Null({ description: 'Every session has ended.' }),
    ...problems(...ofBody, 401, 403, 404, 414, 429, 503)
  }
}

const signOutUser: FastifyPluginAsyncTypebox = async app => {
  app.post('/:id/sign-out', { schema, config: { subject: 'id' } }, async (request, reply) => {
    await app.userAdministration.signOut(request.params.id, request)
    reply.code(204)
  })
}

export default signOutUser
