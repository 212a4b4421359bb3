import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Reason } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'
import { UserAnswer, UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'rejectUser',
  tags: ['Users'],
  summary: 'Turn an applicant away',
  description: 'Needs `users:approve` and a rank above the user’s. They are mailed, with the reason; a user who was let in before is signed out everywhere. 409 `conflict` where the role needs no approval.',
  params: UserParams,
  body: Reason,
  response: { 200: UserAnswer },
  refusals: codes('conflict', 'last_super_admin')
}

const rejectUser: FastifyPluginAsyncTypebox = async app => {
  app.post('/:id/reject', { schema, config: { subject: 'id' } }, async request => {
    return await app.userAdministration.reject(request.params.id, request.body?.reason, request)
  })
}

export default rejectUser
