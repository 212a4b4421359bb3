import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { problems } from '../schemas/problem.ts'
import { Id } from '../schemas/user.ts'

const schema = {
  tags: ['sign-up'],
  summary: 'Mail the code again; answers alike whether or not there is one',
  body: Type.Object({ registration_id: Id }, { additionalProperties: false }),
  response: { 202: Type.Null(), ...problems(422, 503) }
}

const resendCode: FastifyPluginAsyncTypebox = async app => {
  app.post('/verify-email/resend', { schema }, async ({ body }, reply) => {
    await app.accounts.resend(body.registration_id)
    reply.code(202)
    return null
  })
}

export default resendCode
