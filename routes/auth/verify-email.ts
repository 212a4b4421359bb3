import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { RefreshTransport } from '../schemas/input.ts'
import { problems } from '../schemas/problem.ts'
import { Id, User } from '../schemas/user.ts'

const schema = {
  tags: ['sign-up'],
  summary: 'Confirm the address with the mailed code; the account exists from here on',
  body: Type.Object({
    registration_id: Id,
    code: Type.String({ pattern: '^[0-9]{6}$', examples: ['012345'] }),
    transport: Type.Optional(RefreshTransport)
  }, { additionalProperties: false }),
  response: { 200: Type.Object({ user: User, device_token: Type.String() }), ...problems(422, 503) }
}

const verifyEmail: FastifyPluginAsyncTypebox = async app => {
  app.post('/verify-email', { schema }, async ({ body, client }) =>
    await app.accounts.confirm({ registrationId: body.registration_id, code: body.code }, client))
}

export default verifyEmail
