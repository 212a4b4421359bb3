import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'
import { RequestOptionsAnswer } from '../schemas/passkey.ts'
import { ofBody, problems } from '../schemas/problem.ts'

const schema = {
  operationId: 'getReauthenticationOptions',
  tags: ['Session'],
  summary: 'Begin to prove a passkey again',
  description: '404 for an account without passkeys.',
  body: NoBody,
  response: { 200: RequestOptionsAnswer, ...problems(...ofBody, 401, 403, 404, 429, 503) }
}

const reauthenticateOptions: FastifyPluginAsyncTypebox = async app => {
  app.post('/reauthenticate/options', { schema }, async ({ principal }) =>
    await app.accounts.offerReauthentication(principal))
}

export default reauthenticateOptions
