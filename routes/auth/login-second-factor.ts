import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Code, MfaToken, RecoveryCode } from '../schemas/factor.ts'
import { DeviceName } from '../schemas/input.ts'
import { ofBody, problems } from '../schemas/problem.ts'
import { TokenResponseAnswer } from '../schemas/session.ts'

const common = { mfa_token: Type.Optional(MfaToken), device_name: Type.Optional(DeviceName) }

const schema = {
  operationId: 'loginSecondFactor',
  tags: ['Session'],
  summary: 'Go on with a sign-in after 401 mfa_required',
  description: 'A second factor that is wrong or used is 401 `invalid_credentials`: try another. A first step that is older than five minutes, or whose account has changed since, is 422 `token_invalid`: start over.',
  security: [],
  body: Type.Union([
    Type.Object({ ...common, code: Code }, { additionalProperties: false }),
    Type.Object({ ...common, recovery_code: RecoveryCode }, { additionalProperties: false })
  ], { examples: [{ mfa_token: '…', code: '012345' }] }),
  response: { 200: TokenResponseAnswer, ...problems(...ofBody, 401, 403, 429, 503) }
}

const loginSecondFactor: FastifyPluginAsyncTypebox = async app => {
  app.post('/login/second-factor', { schema }, async ({ body, caller, cookiesCarried }, reply) =>
    reply.handOver(await app.accounts.completeLogin({
      token: body.mfa_token,
      carried: cookiesCarried,
      factor: 'code' in body ? { code: body.code } : { recoveryCode: body.recovery_code },
      deviceName: body.device_name ?? null
    }, caller)))
}

export default loginSecondFactor
