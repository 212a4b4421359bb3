import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { codes } from '../schemas/refusals.ts'
import { TokenResponseAnswer } from '../schemas/session.ts'

const schema = {
  operationId: 'setTwoStep',
  tags: ['Second factors'],
  summary: 'Say whether the password alone signs in',
  description: 'Every other session ends if that changes; this one goes on with the tokens of the answer. 409 `last_factor` for an account that has no second factor.',
  body: Type.Object({
    enabled: Type.Boolean({ description: '`true`: a second factor is asked for at every sign-in.' })
  }, { additionalProperties: false }),
  response: { 200: TokenResponseAnswer },
  refusals: codes('last_factor')
}

const setTwoStep: FastifyPluginAsyncTypebox = async app => {
  app.put('/two-step', { schema }, async ({ body, principal, caller }, reply) =>
    reply.handOver(await app.secondFactors.setTwoStep(principal, body.enabled, caller)))
}

export default setTwoStep
