import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { tagged } from '../schemas/entity-tags.ts'
import { UserAnswer, UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'getUser',
  tags: ['Users'],
  summary: 'One user',
  description: 'Needs `users:read`.',
  params: UserParams,
  response: { 200: tagged(UserAnswer) }
}

const readUser: FastifyPluginAsyncTypebox = async app => {
  app.get('/:id', { schema, config: { subject: 'id' } }, async ({ params }, reply) => {
    const answer = await app.userDirectory.read(params.id)
    reply.tag(answer.user)
    return answer
  })
}

export default readUser
