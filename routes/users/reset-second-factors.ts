import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'
import { UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'resetSecondFactors',
  tags: ['Users'],
  summary: 'Let a user who has lost the second factors add a new one',
  description: 'Needs `users:write`, a rank above the user’s, and a sign-in by two factors within ten minutes: else 401 `reauthentication_required`. Mails the user a link, valid for a day, and changes nothing else: the link together with the password opens a session that may only add a factor, and when that is confirmed the old factors, the other sessions and the known devices are gone. A sign-in by an old factor makes the link worthless. Where the password alone signs in, factors protect nothing: there they are removed at once, the sessions end, and a mail tells the user. 409 `conflict` for a disabled account, one without any factor, and for a link while an earlier address of the account may still be restored (a week); 429 for more mails than an address gets.',
  params: UserParams,
  body: NoBody,
  response: {
    204: Type.Null({ description: 'The mail is on its way.' })
  },
  refusals: codes('conflict', 'last_super_admin')
}

const resetSecondFactors: FastifyPluginAsyncTypebox = async app => {
  app.post('/:id/reset-second-factors', { schema, config: { subject: 'id' } }, async (request, reply) => {
    await app.userAdministration.factorResets.start(request.params.id, request)
    reply.code(204)
  })
}

export default resetSecondFactors
