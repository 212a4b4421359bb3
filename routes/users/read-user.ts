import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { UserAnswer, UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'getUser',
  tags: ['Users'],
  summary: 'One user',
  description: 'Needs `users:read`.',
  params: UserParams,
  response: { 200: UserAnswer }
}

const readUser: FastifyPluginAsyncTypebox = async app => {
  app.get('/:id', { schema, config: { subject: 'id' } }, async ({ params }) => await app.userDirectory.read(params.id))
}

export default readUser
