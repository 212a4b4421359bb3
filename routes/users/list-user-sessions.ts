import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { problems } from '../schemas/problem.ts'
import { SessionList } from '../schemas/session.ts'
import { UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'listUserSessions',
  tags: ['Users'],
  summary: 'Where a user is signed in',
  description: 'Needs `sessions:revoke` and a rank above the user’s.',
  params: UserParams,
  response: { 200: SessionList, ...problems(401, 403, 404, 414, 429, 503) }
}

const listUserSessions: FastifyPluginAsyncTypebox = async app => {
  app.get('/:id/sessions', { schema, config: { subject: 'id' } }, async request => {
    return await app.userAdministration.listSessions(request.params.id, request)
  })
}

export default listUserSessions
