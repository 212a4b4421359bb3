import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Token } from '../schemas/input.ts'
import { problems } from '../schemas/problem.ts'

const schema = {
  tags: ['session'],
  summary: 'Sign out',
  description: 'Idempotent. `others` and `everywhere` need a live access token or the current refresh token; an expired but authentic one ends its own session only.',
  body: Type.Optional(Type.Union([Type.Null(), Type.Object({
    scope: Type.Optional(Type.Union([Type.Literal('local'), Type.Literal('others'), Type.Literal('everywhere')])),
    refresh_token: Type.Optional(Token)
  }, { additionalProperties: false })])),
  response: { 204: Type.Null(), ...problems(400, 422, 503) }
}

const logout: FastifyPluginAsyncTypebox = async app => {
  app.post('/logout', { schema }, async ({ body, client, bearerToken }, reply) => {
    await app.accounts.logout({ scope: body?.scope ?? 'local', refreshToken: body?.refresh_token, accessToken: bearerToken }, client)
    reply.code(204).header('clear-site-data', '"cache", "storage"')
  })
}

export default logout
