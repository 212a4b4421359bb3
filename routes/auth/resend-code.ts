import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Id } from '../schemas/user.ts'

const schema = {
  operationId: 'resendCode',
  tags: ['Sign-up'],
  summary: 'Mail the code again',
  description: 'Answers alike whether or not there is a registration.',
  security: [],
  body: Type.Object({ registration_id: Id }, { additionalProperties: false }),
  response: { 202: Type.Null({ description: 'If there is one, it is mailed.' }) }
}

const resendCode: FastifyPluginAsyncTypebox = async app => {
  app.post('/verify-email/resend', { schema }, async ({ body, caller }, reply) => {
    await app.accounts.registrations.resend(body.registration_id, caller)
    reply.code(202)
  })
}

export default resendCode
