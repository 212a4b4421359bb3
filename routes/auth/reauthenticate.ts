import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { SecondFactor } from '../../lib/factors/second-factor-checks.ts'
import { Code, MfaToken, RecoveryCode } from '../schemas/factor.ts'
import { Password } from '../schemas/input.ts'
import { AssertionCredential, assertionOf } from '../schemas/passkey.ts'
import { codes } from '../schemas/refusals.ts'
import { TokenResponseAnswer } from '../schemas/session.ts'

const strict = { additionalProperties: false }

const Body = Type.Union([
  Type.Object({ password: Password }, strict),
  Type.Object({ password: Password, code: Code }, strict),
  Type.Object({ password: Password, recovery_code: RecoveryCode }, strict),
  Type.Object({ mfa_token: Type.Optional(MfaToken), code: Code }, strict),
  Type.Object({ mfa_token: Type.Optional(MfaToken), recovery_code: RecoveryCode }, strict),
  Type.Object({ password: Password, credential: AssertionCredential }, strict),
  Type.Object({ mfa_token: Type.Optional(MfaToken), credential: AssertionCredential }, strict)
])

const schema = {
  operationId: 'reauthenticate',
  tags: ['Session'],
  summary: 'Prove the password, and the second factor, again',
  description: 'For acts that are refused with 401 `reauthentication_required`: the session’s tokens rotate and carry a new `auth_time`. An account with two steps needs both factors, at once or one after the other: the password alone is answered 401 `mfa_required`, whose `mfa_token` goes with the second factor within five minutes. A session that the password alone has opened needs the second factor only, within ten minutes of that. A passkey that verifies its user is both: it needs nothing else, and is proved for the options of /auth/reauthenticate/options.',
  body: Body,
  response: { 200: TokenResponseAnswer },
  refusals: codes(
    'invalid_credentials', 'passkey_unknown', 'mfa_required', 'token_invalid', 'too_many_attempts', 'overloaded'
  )
}

const reauthenticate: FastifyPluginAsyncTypebox = async app => {
  app.post('/reauthenticate', { schema }, async (request, reply) => {
    const { body, principal, caller, bearerToken, cookiesCarried } = request
    const carried = bearerToken === undefined ? cookiesCarried.mfa : undefined

    return reply.handOver(await app.accounts.reauthenticate(principal, {
      password: 'password' in body ? body.password : undefined,
      factor: factorOf(body),
      pendingToken: ('mfa_token' in body ? body.mfa_token : undefined) ?? carried
    }, caller))
  })
}

export default reauthenticate

function factorOf (body: Static<typeof Body>): SecondFactor | undefined {
  if ('code' in body) return { code: body.code }
  if ('credential' in body) return { credential: assertionOf(body.credential) }
  return 'recovery_code' in body ? { recoveryCode: body.recovery_code } : undefined
}
