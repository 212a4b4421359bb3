import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Code, FactorConfirmedAnswer, FactorParams } from '../schemas/factor.ts'
import { codes } from '../schemas/refusals.ts'

const schema = {
  operationId: 'confirmTotp',
  tags: ['Second factors'],
  summary: 'Enter the first code of an authenticator app',
  description: 'From here on the account has two steps. Every other session ends; this one goes on with the tokens of the answer, and what it held before is answered `invalid_token`. The answer has recovery codes if the account had none: show them once. A wrong code is 422 `token_invalid`, with `clock_off` in `errors` if the clock of the device is off.',
  params: FactorParams,
  body: Type.Object({ code: Code }, { additionalProperties: false }),
  response: { 200: FactorConfirmedAnswer },
  refusals: codes('token_invalid')
}

const confirmTotp: FastifyPluginAsyncTypebox = async app => {
  app.post('/totp/:id/confirm', { schema }, async ({ params, body, principal, caller }, reply) => {
    const answer = await app.secondFactors.confirmTotp(principal, params.id, body.code, caller)
    const { recovery_codes: codes } = answer
    return { ...reply.handOver(answer), ...(codes && { recovery_codes: codes }) }
  })
}

export default confirmTotp
