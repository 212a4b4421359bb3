import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'
import { UserAnswer, UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'disableUser',
  tags: ['Users'],
  summary: 'Disable an account',
  description: 'Needs `users:write` and a rank above the user’s. Nobody signs in to it from here on, and every session of it ends. 409 `last_super_admin`: somebody must remain who may do everything.',
  params: UserParams,
  body: NoBody,
  response: { 200: UserAnswer },
  refusals: codes('last_super_admin')
}

const disableUser: FastifyPluginAsyncTypebox = async app => {
  app.post('/:id/disable', { schema, config: { subject: 'id' } }, async request => {
    return await app.userAdministration.disable(request.params.id, request)
  })
}

export default disableUser
