import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'
import { UserAnswer, UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'unlockUser',
  tags: ['Users'],
  summary: 'Unlock what failed sign-ins have locked',
  description: 'Needs `users:write` and a rank above the user’s. For strangers to the account and for the devices it knows.',
  params: UserParams,
  body: NoBody,
  response: { 200: UserAnswer },
  refusals: codes('last_super_admin')
}

const unlockUser: FastifyPluginAsyncTypebox = async app => {
  app.post('/:id/unlock', { schema, config: { subject: 'id' } }, async request => {
    return await app.userAdministration.unlock(request.params.id, request)
  })
}

export default unlockUser
