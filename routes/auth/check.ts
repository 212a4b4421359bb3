import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { problems } from '../schemas/problem.ts'

const schema = {
  tags: ['session'],
  summary: 'Is this request signed in? For a reverse proxy’s forward authentication',
  response: {
    204: Type.Null({ description: 'X-Auth-User, X-Auth-Role and X-Auth-Session tell whose request it is.' }),
    ...problems(401, 403, 503)
  }
}

const check: FastifyPluginAsyncTypebox = async app => {
  app.get('/check', { schema }, async ({ principal }, reply) => {
    reply.code(204).headers({ 'x-auth-user': principal.userId, 'x-auth-role': principal.role, 'x-auth-session': principal.sessionId })
  })
}

export default check
