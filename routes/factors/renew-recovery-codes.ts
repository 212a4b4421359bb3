import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { RecoveryCodesAnswer } from '../schemas/factor.ts'
import { NoBody } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'

const schema = {
  operationId: 'renewRecoveryCodes',
  tags: ['Second factors'],
  summary: 'Make new recovery codes',
  description: 'The old ones are dead. Show the new ones once: they cannot be read again. It is also the way on after an answer with codes that was lost. 409 `last_factor` for an account that has no second factor.',
  body: NoBody,
  response: { 200: RecoveryCodesAnswer },
  refusals: codes('last_factor')
}

const renewRecoveryCodes: FastifyPluginAsyncTypebox = async app => {
  app.post('/recovery-codes', { schema }, async ({ principal, caller }) =>
    await app.secondFactors.renewRecoveryCodes(principal, caller))
}

export default renewRecoveryCodes
