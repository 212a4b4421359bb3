import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Email } from '../schemas/input.ts'

const schema = {
  operationId: 'forgotPassword',
  tags: ['Password'],
  summary: 'Mail a link to set a new password',
  description: 'Answers alike whether or not the address has an account. The link works for an hour and once, and only the newest.',
  security: [],
  body: Type.Object({ email: Email }, { additionalProperties: false }),
  response: {
    202: Type.Null({ description: 'If there is an account, its owner gets a mail.' })
  }
}

const forgotPassword: FastifyPluginAsyncTypebox = async app => {
  app.post('/password/forgot', { schema }, async ({ body, caller, bearerToken, cookiesCarried }, reply) => {
    await app.accounts.forgotPassword({
      email: body.email,
      deviceToken: cookiesCarried.device,
      accessToken: bearerToken ?? cookiesCarried.access
    }, caller)
    reply.code(202)
  })
}

export default forgotPassword
