import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Token } from '../schemas/input.ts'
import { ofBody, problems } from '../schemas/problem.ts'
import { TokenResponseAnswer } from '../schemas/session.ts'

const schema = {
  operationId: 'refresh',
  tags: ['Session'],
  summary: 'Trade the refresh token for new tokens',
  description: 'Bearer: the token in the body. Cookie: no body, or `{}`. Keep both new tokens. A lost answer may be asked for again: within REFRESH_GRACE one token always gets the one newest token; later than that it is taken for stolen, and the session ends (`reuse_detected`).',
  security: [],
  body: Type.Optional(Type.Union([
    Type.Null(),
    Type.Object({ refresh_token: Type.Optional(Token) }, { additionalProperties: false })
  ])),
  response: { 200: TokenResponseAnswer, ...problems(...ofBody, 401, 403, 429, 503) }
}

const refresh: FastifyPluginAsyncTypebox = async app => {
  app.post('/refresh', { schema }, async ({ refreshToken, caller }, reply) =>
    reply.handOver(await app.accounts.refresh(refreshToken, caller)))
}

export default refresh
