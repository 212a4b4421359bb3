import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { MfaToken } from '../schemas/factor.ts'
import { RequestOptionsAnswer } from '../schemas/passkey.ts'
import { codes } from '../schemas/refusals.ts'

const schema = {
  operationId: 'getSecondFactorOptions',
  tags: ['Session'],
  summary: 'Begin to prove a passkey as the second step',
  description: 'After 401 `mfa_required` whose `methods` have `passkey`. 404 for an account without passkeys; 422 `token_invalid` if the first step is over.',
  security: [],
  body: Type.Object({ mfa_token: Type.Optional(MfaToken) }, { additionalProperties: false }),
  response: { 200: RequestOptionsAnswer },
  refusals: codes('token_invalid', 'not_found')
}

const loginSecondFactorOptions: FastifyPluginAsyncTypebox = async app => {
  app.post('/login/second-factor/options', { schema }, async ({ body, cookiesCarried }) =>
    await app.accounts.offerSecondFactor({ token: body.mfa_token, carried: cookiesCarried }))
}

export default loginSecondFactorOptions
