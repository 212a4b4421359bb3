import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'
import { UserAnswer, UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'approveUser',
  tags: ['Users'],
  summary: 'Let an applicant in',
  description: 'Needs `users:approve` and a rank above the user’s. They are mailed. 409 `conflict` where the role needs no approval.',
  params: UserParams,
  body: NoBody,
  response: { 200: UserAnswer },
  refusals: codes('conflict', 'last_super_admin')
}

const approveUser: FastifyPluginAsyncTypebox = async app => {
  app.post('/:id/approve', { schema, config: { subject: 'id' } }, async request => {
    return await app.userAdministration.approve(request.params.id, request)
  })
}

export default approveUser
