import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { problems } from '../schemas/problem.ts'
import { UserAnswer } from '../schemas/user.ts'

const schema = {
  operationId: 'getMe',
  tags: ['Profile'],
  summary: 'Who is signed in',
  response: { 200: UserAnswer, ...problems(401, 403, 429, 503) }
}

const me: FastifyPluginAsyncTypebox = async app => {
  app.get('/me', { schema }, async ({ principal }) => await app.accounts.me(principal))
}

export default me
