import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { TotpSecretAnswer } from '../schemas/factor.ts'
import { NoBody } from '../schemas/input.ts'

const schema = {
  operationId: 'addTotp',
  tags: ['Second factors'],
  summary: 'Make the secret of an authenticator app',
  description: 'It counts only when its first code is entered within ten minutes; until then one that the account has already stays as it is. A second call replaces the one that waits. Needs a recent sign-in by everything that the account has: else 401 `reauthentication_required`.',
  body: NoBody,
  response: { 201: TotpSecretAnswer }
}

const addTotp: FastifyPluginAsyncTypebox = async app => {
  app.post('/totp', { schema }, async ({ principal, caller }, reply) => {
    reply.code(201)
    return await app.secondFactors.beginTotp(principal, caller)
  })
}

export default addTotp
