import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { codes } from '../schemas/refusals.ts'
import { SessionList } from '../schemas/session.ts'
import { UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'listUserSessions',
  tags: ['Users'],
  summary: 'Where a user is signed in',
  description: 'Needs `sessions:revoke` and a rank above the user’s.',
  params: UserParams,
  response: { 200: SessionList },
  refusals: codes('last_super_admin')
}

const listUserSessions: FastifyPluginAsyncTypebox = async app => {
  app.get('/:id/sessions', { schema, config: { subject: 'id' } }, async request => {
    return await app.userAdministration.listSessions(request.params.id, request)
  })
}

export default listUserSessions
