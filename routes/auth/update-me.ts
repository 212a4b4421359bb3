import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { FullName, Locale } from '../schemas/input.ts'
import { UserAnswer } from '../schemas/user.ts'

const schema = {
  operationId: 'updateMe',
  tags: ['Profile'],
  summary: 'Change one’s name or locale',
  body: Type.Object({
    full_name: Type.Optional(FullName),
    locale: Type.Optional(Locale)
  }, { additionalProperties: false, minProperties: 1 }),
  response: { 200: UserAnswer }
}

const updateMe: FastifyPluginAsyncTypebox = async app => {
  app.patch('/me', { schema }, async ({ body, principal, caller }) =>
    await app.accounts.updateMe(principal, { fullName: body.full_name, locale: body.locale }, caller))
}

export default updateMe
