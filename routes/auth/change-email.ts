import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NewEmail } from '../schemas/input.ts'

const schema = {
  operationId: 'changeEmail',
  tags: ['Profile'],
  summary: 'Ask for another address',
  description: 'Needs a sign-in within ten minutes: else 401 `reauthentication_required`. The new address gets a link that works for a day; until it is followed nothing changes. The old one is told and gets a link that undoes it. Answers alike whether or not the new address has an account.',
  body: Type.Object({ new_email: NewEmail }, { additionalProperties: false }),
  response: {
    202: Type.Null({ description: 'Both addresses are mailed.' })
  }
}

const changeEmail: FastifyPluginAsyncTypebox = async app => {
  app.post('/email/change', { schema }, async ({ body, principal, caller }, reply) => {
    await app.accounts.changeEmail(principal, body.new_email, caller)
    reply.code(202)
  })
}

export default changeEmail
