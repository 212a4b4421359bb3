import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Password } from '../schemas/input.ts'
import { ofBody, problems } from '../schemas/problem.ts'
import { TokenResponseAnswer } from '../schemas/session.ts'

const schema = {
  operationId: 'reauthenticate',
  tags: ['Session'],
  summary: 'Prove the password again',
  description: 'For acts that are refused with 401 `reauthentication_required`: the session’s tokens rotate and carry a new `auth_time`.',
  body: Type.Object({ password: Password }, { additionalProperties: false }),
  response: { 200: TokenResponseAnswer, ...problems(...ofBody, 401, 403, 429, 503) }
}

const reauthenticate: FastifyPluginAsyncTypebox = async app => {
  app.post('/reauthenticate', { schema }, async ({ body, principal, caller }, reply) =>
    reply.handOver(await app.accounts.reauthenticate(principal, body.password, caller)))
}

export default reauthenticate
