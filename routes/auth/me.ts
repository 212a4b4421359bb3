import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { UserAnswer } from '../schemas/user.ts'

const schema = {
  operationId: 'getMe',
  tags: ['Profile'],
  summary: 'Who is signed in',
  response: { 200: UserAnswer }
}

const me: FastifyPluginAsyncTypebox = async app => {
  app.get('/me', { schema }, async ({ principal }) => await app.accounts.me(principal))
}

export default me
