import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { CarriedCookies } from '../../lib/http/token-cookies.ts'
import { DeviceName, Email, Password, Transport, Token, UserType } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'
import { TokenResponseAnswer } from '../schemas/session.ts'

const schema = {
  operationId: 'login',
  tags: ['Session'],
  summary: 'Sign in',
  description: 'A wrong password, an unknown address and one that was never confirmed are one answer: 401 `invalid_credentials`. Only after the right password: 403 `approval_pending`, `approval_rejected`, `account_disabled`, `vendor_suspended`, `wrong_user_type`; 401 `mfa_required` if the account has two steps: its `mfa_token` (a cookie with `transport: cookie`) and a second factor go to /auth/login/second-factor within five minutes. If the role demands a second factor and the account has none, the session may do nothing but add one (`must_enroll_second_factor` in the access token): everything else is 403 `second_factor_enrollment_required`.',
  security: [],
  body: Type.Object({
    email: Email,
    password: Password,
    transport: Type.Optional(Transport),
    device_name: Type.Optional(DeviceName),
    device_token: Type.Optional(Token),
    user_type: Type.Optional(UserType)
  }, {
    additionalProperties: false,
    examples: [{ email: 'ada@example.com', password: 'violet kettle orbit 1843', device_name: 'Ada’s phone' }]
  }),
  response: { 200: TokenResponseAnswer },
  refusals: codes(
    'invalid_credentials', 'mfa_required', 'approval_pending', 'approval_rejected', 'account_disabled',
    'vendor_suspended', 'wrong_user_type', 'too_many_attempts', 'overloaded'
  )
}

const login: FastifyPluginAsyncTypebox = async app => {
  app.post('/login', { schema }, async ({ body, caller, cookiesCarried }, reply) => {
    const transport = body.transport ?? 'bearer'
    // Tokens from cookies are used only for an answer by cookies: in the body of a bearer login scripts would see them.
    const { device, refresh }: CarriedCookies = transport === 'cookie' ? cookiesCarried : {}

    return reply.handOver(await app.accounts.login({
      email: body.email,
      password: body.password,
      transport,
      deviceName: body.device_name ?? null,
      deviceToken: body.device_token ?? device,
      userType: body.user_type,
      replaces: refresh
    }, caller))
  })
}

export default login
