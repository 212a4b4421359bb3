import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'
import { UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'signOutUser',
  tags: ['Users'],
  summary: 'Sign a user out everywhere',
  description: 'Needs `sessions:revoke` and a rank above the user’s. Their sessions are told so (`revoked_by_admin`).',
  params: UserParams,
  body: NoBody,
  response: {
    204: Type.Null({ description: 'Every session has ended.' })
  },
  refusals: codes('last_super_admin')
}

const signOutUser: FastifyPluginAsyncTypebox = async app => {
  app.post('/:id/sign-out', { schema, config: { subject: 'id' } }, async (request, reply) => {
    await app.userAdministration.signOut(request.params.id, request)
    reply.code(204)
  })
}

export default signOutUser
