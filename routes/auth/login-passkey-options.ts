import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'
import { RequestOptionsAnswer } from '../schemas/passkey.ts'

const schema = {
  operationId: 'getPasskeyLoginOptions',
  tags: ['Session'],
  summary: 'Begin a sign-in with a passkey',
  description: 'The same for everybody: the browser offers the passkeys that it has, in a dialogue or in a form field (`mediation: "conditional"`). A page that waits for its user asks again before ten minutes are over.',
  security: [],
  body: NoBody,
  response: { 200: RequestOptionsAnswer }
}

const loginPasskeyOptions: FastifyPluginAsyncTypebox = async app => {
  app.post('/login/passkey/options', { schema }, async () => app.accounts.offerLogin())
}

export default loginPasskeyOptions
