import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'
import { UserAnswer, UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'enableUser',
  tags: ['Users'],
  summary: 'Enable an account',
  description: 'Needs `users:write` and a rank above the user’s. Sessions that ended stay so.',
  params: UserParams,
  body: NoBody,
  response: { 200: UserAnswer },
  refusals: codes('last_super_admin')
}

const enableUser: FastifyPluginAsyncTypebox = async app => {
  app.post('/:id/enable', { schema, config: { subject: 'id' } }, async request => {
    return await app.userAdministration.enable(request.params.id, request)
  })
}

export default enableUser
