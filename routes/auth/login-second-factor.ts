import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { SecondFactor } from '../../lib/factors/second-factor-checks.ts'
import { Code, MfaToken, RecoveryCode } from '../schemas/factor.ts'
import { DeviceName, Token } from '../schemas/input.ts'
import { AssertionCredential, assertionOf } from '../schemas/passkey.ts'
import { codes } from '../schemas/refusals.ts'
import { TokenResponseAnswer } from '../schemas/session.ts'

const common = { mfa_token: Type.Optional(MfaToken), device_name: Type.Optional(DeviceName) }
const ofFactor = {
  ...common,
  remember_device: Type.Optional(Type.Boolean({
    description: 'Whether this device is not to be asked for the second factor again for `REMEMBER_DEVICE`. Without effect where that is off, and for users whose role demands a second factor.'
  }))
}

const strict = { additionalProperties: false }

const Body = Type.Union([
  Type.Object({ ...ofFactor, code: Code }, strict),
  Type.Object({ ...ofFactor, recovery_code: RecoveryCode }, strict),
  Type.Object({ ...ofFactor, credential: AssertionCredential }, strict),
  Type.Object({
    ...common,
    reset_token: Type.String({ ...Token, description: 'Of the link in the mail about a reset of the second factors.' })
  }, strict)
], { examples: [{ mfa_token: '…', code: '012345' }] })

const schema = {
  operationId: 'loginSecondFactor',
  tags: ['Session'],
  summary: 'Go on with a sign-in after 401 mfa_required',
  description: 'A second factor that is wrong or used is 401 `invalid_credentials`: try another. A passkey is proved for the options of /auth/login/second-factor/options; one that no account has is 401 `passkey_unknown`. With the `reset_token` of a mail the session may do nothing but add a factor (`must_enroll_second_factor` in its access token); everything else is 403 `second_factor_enrollment_required` until then. A first step that is older than five minutes, or whose account has changed since, is 422 `token_invalid`: start over.',
  security: [],
  body: Body,
  response: { 200: TokenResponseAnswer },
  refusals: codes('invalid_credentials', 'passkey_unknown', 'token_invalid', 'too_many_attempts', 'overloaded')
}

const loginSecondFactor: FastifyPluginAsyncTypebox = async app => {
  app.post('/login/second-factor', { schema }, async ({ body, caller, cookiesCarried }, reply) =>
    reply.handOver(await app.accounts.completeLogin({
      token: body.mfa_token,
      carried: cookiesCarried,
      factor: factorOf(body),
      remembers: 'remember_device' in body && body.remember_device === true,
      deviceName: body.device_name ?? null
    }, caller)))
}

export default loginSecondFactor

function factorOf (body: Static<typeof Body>): SecondFactor | { resetToken: string } {
  if ('credential' in body) return { credential: assertionOf(body.credential) }
  if ('code' in body) return { code: body.code }
  return 'recovery_code' in body ? { recoveryCode: body.recovery_code } : { resetToken: body.reset_token }
}
