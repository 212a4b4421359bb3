import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'
import { RequestOptionsAnswer } from '../schemas/passkey.ts'
import { codes } from '../schemas/refusals.ts'

const schema = {
  operationId: 'getReauthenticationOptions',
  tags: ['Session'],
  summary: 'Begin to prove a passkey again',
  description: '404 for an account without passkeys.',
  body: NoBody,
  response: { 200: RequestOptionsAnswer },
  refusals: codes('not_found')
}

const reauthenticateOptions: FastifyPluginAsyncTypebox = async app => {
  app.post('/reauthenticate/options', { schema }, async ({ principal }) =>
    await app.accounts.offerReauthentication(principal))
}

export default reauthenticateOptions
