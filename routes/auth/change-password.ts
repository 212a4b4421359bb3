import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Password } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'
import { TokenResponseAnswer } from '../schemas/session.ts'

const schema = {
  operationId: 'changePassword',
  tags: ['Password'],
  summary: 'Change the password',
  description: 'Every other session ends; this one goes on with the tokens of the answer, and what it held before is answered `invalid_token`. A wrong current password is 401 `invalid_credentials`. While a change is due (`must_change_password`) this is what there is to do. An account that needs two factors has to have proved both: else 401 `reauthentication_required`, and `/auth/reauthenticate` proves them also while a change is due. A session that must add a factor (`must_enroll_second_factor`) may do that first.',
  body: Type.Object({
    current_password: Password,
    new_password: Password
  }, {
    additionalProperties: false,
    examples: [{ current_password: 'violet kettle orbit 1843', new_password: 'amber ladder drift 1791' }]
  }),
  response: { 200: TokenResponseAnswer },
  refusals: codes(
    'invalid_credentials', 'reauthentication_required', 'password_rejected', 'too_many_attempts', 'overloaded'
  )
}

const changePassword: FastifyPluginAsyncTypebox = async app => {
  app.post('/password/change', { schema }, async ({ body, principal, caller }, reply) =>
    reply.handOver(await app.accounts.changePassword(principal, {
      currentPassword: body.current_password,
      newPassword: body.new_password
    }, caller)))
}

export default changePassword
