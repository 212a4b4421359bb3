import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { SessionList } from '../schemas/session.ts'

const schema = {
  operationId: 'listSessions',
  tags: ['Session'],
  summary: 'Where one is signed in',
  response: { 200: SessionList }
}

const sessions: FastifyPluginAsyncTypebox = async app => {
  app.get('/sessions', { schema }, async ({ principal }) => await app.accounts.listSessions(principal))
}

export default sessions
