import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { problems } from '../schemas/problem.ts'
import { SessionList } from '../schemas/session.ts'

const schema = {
  operationId: 'listSessions',
  tags: ['Session'],
  summary: 'Where one is signed in',
  response: { 200: SessionList, ...problems(401, 403, 429, 503) }
}

const sessions: FastifyPluginAsyncTypebox = async app => {
  app.get('/sessions', { schema }, async ({ principal }) => await app.accounts.listSessions(principal))
}

export default sessions
