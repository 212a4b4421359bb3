import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'
import { ofBody, problems } from '../schemas/problem.ts'
import { UserAnswer, UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'approveUser',
  tags: ['Users'],
  summary: 'Let an applicant in',
  description: 'Needs `users:approve` and a rank above the user’s. They are mailed. 409 `conflict` where the role needs no approval.',
  params: UserParams,
  body: NoBody,
  response: { 200: UserAnswer, ...problems(...ofBody, 401, 403, 404, 409, 414, 429, 503) }
}

const approveUser: FastifyPluginAsyncTypebox = async app => {
  app.post('/:id/approve', { schema, config: { subject: 'id' } }, async request => {
    return await app.userAdministration.approve(request.params.id, request)
  })
}

export default approveUser
