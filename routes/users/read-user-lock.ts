import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AccountLock } from '../schemas/lock.ts'
import { UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'getUserLock',
  tags: ['Users'],
  summary: 'What failed sign-ins have locked',
  description: 'Needs `users:read`. Reading is not counted as a try and changes nothing. `POST /users/{id}/unlock` unlocks all of it.',
  params: UserParams,
  response: { 200: AccountLock }
}

const readUserLock: FastifyPluginAsyncTypebox = async app => {
  app.get('/:id/lock', { schema, config: { subject: 'id' } }, async ({ params }) => {
    return await app.accountLocks.read(params.id)
  })
}

export default readUserLock
