import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'
import { UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'sendPasswordReset',
  tags: ['Users'],
  summary: 'Mail a user the way to a new password',
  description: 'Needs `users:write`, a rank above the user’s and a recent sign-in. A user who was invited and has not chosen a password yet gets the invitation again. 409 `conflict` for a disabled account; 429 for more mails than an address gets.',
  params: UserParams,
  body: NoBody,
  response: {
    204: Type.Null({ description: 'The mail is on its way.' })
  },
  refusals: codes('conflict', 'last_super_admin')
}

const sendPasswordReset: FastifyPluginAsyncTypebox = async app => {
  app.post('/:id/password-reset', { schema, config: { subject: 'id' } }, async (request, reply) => {
    await app.userAdministration.invitations.sendPasswordReset(request.params.id, request)
    reply.code(204)
  })
}

export default sendPasswordReset
