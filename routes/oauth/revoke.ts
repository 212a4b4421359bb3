import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { oauthErrors, TokenForm } from '../schemas/oauth.ts'

const schema = {
  operationId: 'revoke',
  tags: ['Services'],
  summary: 'End the session of a token',
  description: 'For services that were made with `--may-revoke` (RFC 7009). Any authentic access or refresh token ends its session with all of its tokens, also an expired or a superseded one. What is no token of this deployment, or of a session that has ended, is no error.',
  consumes: ['application/x-www-form-urlencoded'],
  security: [{ service: [] }],
  body: TokenForm,
  response: { 200: Type.Null({ description: 'Whatever the token was, it is worth nothing now.' }), ...oauthErrors }
}

const revoke: FastifyPluginAsyncTypebox = async app => {
  app.post('/revoke', { schema, config: { errors: 'oauth' } }, async ({ body, service, caller }) => {
    await app.introspection.revoke(body.token, service, caller)
  })
}

export default revoke
