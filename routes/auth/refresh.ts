import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Token } from '../schemas/input.ts'
import { problems } from '../schemas/problem.ts'
import { TokenAnswer } from '../schemas/session.ts'

const schema = {
  tags: ['session'],
  summary: 'Trade the refresh token for new tokens',
  description: 'Presenting one token several times within REFRESH_GRACE answers with the one newest token; later than that the session ends.',
  body: Type.Object({ refresh_token: Token }, { additionalProperties: false }),
  response: { 200: TokenAnswer, ...problems(401, 422, 503) }
}

const refresh: FastifyPluginAsyncTypebox = async app => {
  app.post('/refresh', { schema }, async ({ body, client }) => await app.accounts.refresh(body.refresh_token, 'bearer', client))
}

export default refresh
