import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'
import { ofBody, problems } from '../schemas/problem.ts'
import { UserAnswer, UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'disableUser',
  tags: ['Users'],
  summary: 'Disable an account',
  description: 'Needs `users:write` and a rank above the user’s. Nobody signs in to it from here on, and every session of it ends. 409 `last_super_admin`: somebody must remain who may do everything.',
  params: UserParams,
  body: NoBody,
  response: { 200: UserAnswer, ...problems(...ofBody, 401, 403, 404, 409, 414, 429, 503) }
}

const disableUser: FastifyPluginAsyncTypebox = async app => {
  app.post('/:id/disable', { schema, config: { subject: 'id' } }, async request => {
    return await app.userAdministration.disable(request.params.id, request)
  })
}

export default disableUser
