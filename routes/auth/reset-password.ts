import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Password, Token, Transport } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'

const schema = {
  operationId: 'resetPassword',
  tags: ['Password'],
  summary: 'Set a new password with the token from a mail',
  description: 'For the links of forgotten passwords and of invitations. Every session ends and nobody is signed in: sign in next. Passkeys, an authenticator app and two steps stay, unless nobody had proved the address before: then they may be somebody else’s, and are gone. A token that is wrong, used, expired or not the newest is 422 `token_invalid`; a password that is not acceptable (422 `password_rejected`) does not use it up.',
  security: [],
  body: Type.Object({
    token: Token,
    new_password: Password,
    transport: Type.Optional(Transport)
  }, { additionalProperties: false }),
  response: {
    200: Type.Object({
      device_token: Type.Optional(Type.String({
        description: 'Names this device, the only one that the account knows now; send it at login. With `transport: cookie` it is a cookie instead.',
        examples: ['…']
      }))
    }, { title: 'PasswordReset', description: 'The new password holds.' })
  },
  refusals: codes('token_invalid', 'password_rejected', 'overloaded')
}

const resetPassword: FastifyPluginAsyncTypebox = async app => {
  app.post('/password/reset', { schema }, async ({ body, caller }, reply) => {
    const { token, new_password: newPassword, transport = 'bearer' } = body
    return reply.handOverDevice(await app.accounts.resetPassword({ token, newPassword }, caller), transport)
  })
}

export default resetPassword
