import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { CarriedCookies } from '../../lib/http/token-cookies.ts'
import { DeviceName, Transport, Token, UserType } from '../schemas/input.ts'
import { AssertionCredential, assertionOf } from '../schemas/passkey.ts'
import { codes } from '../schemas/refusals.ts'
import { TokenResponseAnswer } from '../schemas/session.ts'

const schema = {
  operationId: 'loginWithPasskey',
  tags: ['Session'],
  summary: 'Sign in with a passkey alone',
  description: 'For the options of /auth/login/passkey/options. A passkey that no account has is 401 `passkey_unknown`: only then tell the browser so (`PublicKeyCredential.signalUnknownCredential`). Anything else that is wrong is 401 `invalid_credentials`. After a good signature: 403 `approval_pending`, `approval_rejected`, `account_disabled`, `vendor_suspended`, `wrong_user_type`. Both factors are proved, so no second step follows.',
  security: [],
  body: Type.Object({
    credential: AssertionCredential,
    transport: Type.Optional(Transport),
    device_name: Type.Optional(DeviceName),
    device_token: Type.Optional(Token),
    user_type: Type.Optional(UserType)
  }, { additionalProperties: false }),
  response: { 200: TokenResponseAnswer },
  refusals: codes(
    'invalid_credentials', 'passkey_unknown', 'approval_pending', 'approval_rejected', 'account_disabled',
    'vendor_suspended', 'wrong_user_type'
  )
}

const loginPasskey: FastifyPluginAsyncTypebox = async app => {
  app.post('/login/passkey', { schema }, async ({ body, caller, cookiesCarried }, reply) => {
    const transport = body.transport ?? 'bearer'
    // As for a login by password, tokens from cookies are used only for an answer by cookies.
    const { device, refresh }: CarriedCookies = transport === 'cookie' ? cookiesCarried : {}

    return reply.handOver(await app.accounts.loginByPasskey({
      credential: assertionOf(body.credential),
      transport,
      deviceName: body.device_name ?? null,
      deviceToken: body.device_token ?? device,
      userType: body.user_type,
      replaces: refresh
    }, caller))
  })
}

export default loginPasskey
