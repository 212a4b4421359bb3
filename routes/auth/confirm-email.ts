import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Token } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'

const schema = {
  operationId: 'confirmEmail',
  tags: ['Profile'],
  summary: 'Confirm the new address with the mailed token',
  description: 'From here on it is the account’s. Sessions go on; links that were mailed to the old address work no more, save the one that undoes this for seven days. A token that is wrong, used, expired or replaced by a newer one is 422 `token_invalid`; 409 `conflict`: somebody else has the address by now.',
  security: [],
  body: Type.Object({ token: Token }, { additionalProperties: false }),
  response: {
    200: Type.Object({ email: Type.String({ examples: ['ada@example.org'] }) }, {
      title: 'EmailChanged',
      description: 'The address that the account has now.'
    })
  },
  refusals: codes('token_invalid', 'conflict')
}

const confirmEmail: FastifyPluginAsyncTypebox = async app => {
  app.post('/email/confirm', { schema }, async ({ body, caller }) => {
    return await app.accounts.confirmEmail(body.token, caller)
  })
}

export default confirmEmail
