import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Token } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'
import { TokenResponseAnswer } from '../schemas/session.ts'

const schema = {
  operationId: 'refresh',
  tags: ['Session'],
  summary: 'Trade the refresh token for new tokens',
  description: 'Bearer: the token in the body. Cookie: no body, or `{}`. Keep both new tokens. A lost answer may be asked for again, however late: within REFRESH_GRACE one token always gets the one newest token, and later a new one, until the access token of the lost answer or its refresh token is used anywhere. After that the older token is taken for stolen, and the session ends (`reuse_detected`). So store the new refresh token before you use the new access token.',
  security: [],
  body: Type.Optional(Type.Union([
    Type.Null(),
    Type.Object({ refresh_token: Type.Optional(Token) }, { additionalProperties: false })
  ])),
  response: { 200: TokenResponseAnswer },
  refusals: codes('invalid_token', 'session_ended', 'vendor_suspended')
}

const refresh: FastifyPluginAsyncTypebox = async app => {
  app.post('/refresh', { schema }, async ({ refreshToken, caller }, reply) =>
    reply.handOver(await app.accounts.refresh(refreshToken, caller)))
}

export default refresh
