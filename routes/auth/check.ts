import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { problems } from '../schemas/problem.ts'

const schema = {
  operationId: 'check',
  tags: ['Session'],
  summary: 'Whether a request is signed in',
  description: 'For a reverse proxy’s forward authentication (nginx `auth_request`, Traefik, Caddy). No store is asked.',
  response: {
    204: Type.Null({
      description: 'It is, and the headers tell whose it is.',
      headers: {
        'X-Auth-User': { type: 'string', format: 'uuid', description: 'The id of the user.' },
        'X-Auth-Role': { type: 'string', description: 'The role as it is now.', examples: ['user'] },
        'X-Auth-Session': { type: 'string', format: 'uuid', description: 'The id of the session.' }
      }
    }),
    ...problems(401, 403, 503)
  }
}

const check: FastifyPluginAsyncTypebox = async app => {
  // The proxy that asks logs the original request, so a line of ours for each would say nothing new.
  app.get('/check', { schema, logLevel: 'warn' }, async ({ principal }, reply) => {
    reply.code(204).headers({
      'x-auth-user': principal.userId,
      'x-auth-role': principal.role,
      'x-auth-session': principal.sessionId
    })
  })
}

export default check
