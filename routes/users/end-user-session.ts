import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { codes } from '../schemas/refusals.ts'
import { UserSessionParams } from '../schemas/user.ts'

const schema = {
  operationId: 'endUserSession',
  tags: ['Users'],
  summary: 'Sign out one session of a user',
  description: 'Needs `sessions:revoke` and a rank above the user’s. The session is told so (`revoked_by_admin`).',
  params: UserSessionParams,
  response: { 204: Type.Null({ description: 'It has ended, now or before.' }) },
  refusals: codes('last_super_admin')
}

const endUserSession: FastifyPluginAsyncTypebox = async app => {
  app.delete('/:id/sessions/:sid', { schema, config: { subject: 'id' } }, async (request, reply) => {
    await app.userAdministration.endSession(request.params.id, request.params.sid, request)
    reply.code(204)
  })
}

export default endUserSession
