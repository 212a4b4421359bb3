import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Transport } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'
import { Id, User } from '../schemas/user.ts'

const schema = {
  operationId: 'verifyEmail',
  tags: ['Sign-up'],
  summary: 'Confirm the address with the mailed code',
  description: 'The account exists from here on; sign in next. A code that is wrong, used, expired or of another registration is 422 `token_invalid`.',
  security: [],
  body: Type.Object({
    registration_id: Id,
    code: Type.String({ pattern: '^[0-9]{6}$', description: 'Ten minutes, five tries. A sign-up that is repeated soon has the code of the one before.', examples: ['012345'] }),
    transport: Type.Optional(Transport)
  }, { additionalProperties: false }),
  response: {
    200: Type.Object({
      user: User,
      device_token: Type.Optional(Type.String({
        description: 'Names this device; send it at login. With `transport: cookie` it is a cookie instead.',
        examples: ['…']
      }))
    }, { title: 'Confirmed', description: 'The account.' })
  },
  refusals: codes('token_invalid')
}

const verifyEmail: FastifyPluginAsyncTypebox = async app => {
  app.post('/verify-email', { schema }, async ({ body, caller, cookiesCarried }, reply) => {
    const transport = body.transport ?? 'bearer'
    // As at login, a token from a cookie is used only for an answer by cookies.
    const deviceToken = transport === 'cookie' ? cookiesCarried.device : undefined

    return reply.handOverDevice(await app.accounts.registrations.confirm({
      registrationId: body.registration_id,
      code: body.code,
      deviceToken
    }, caller), transport)
  })
}

export default verifyEmail
