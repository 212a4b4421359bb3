import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { RecoveryCodesAnswer } from '../schemas/factor.ts'
import { NoBody } from '../schemas/input.ts'
import { ofBody, problems } from '../schemas/problem.ts'

const schema = {
  operationId: 'renewRecoveryCodes',
  tags: ['Second factors'],
  summary: 'Make new recovery codes',
  description: 'The old ones are dead. Show the new ones once: they cannot be read again. 409 `last_factor` for an account that has no second factor.',
  body: NoBody,
  response: { 200: RecoveryCodesAnswer, ...problems(...ofBody, 401, 403, 409, 429, 503) }
}

const renewRecoveryCodes: FastifyPluginAsyncTypebox = async app => {
  app.post('/recovery-codes', { schema }, async ({ principal, caller }) =>
    await app.secondFactors.renewRecoveryCodes(principal, caller))
}

export default renewRecoveryCodes
