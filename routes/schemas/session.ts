import { Type } from '@sinclair/typebox'
import { oneOf, orNull } from './types.ts'
import { Id, Time, User } from './user.ts'

/** The answer to a login or refresh with `transport: bearer`. */
export const TokenAnswer = Type.Object({
  user: User,
  session: Type.Object({ id: Id, expires_at: Type.String({ ...Time, description: 'The end that no refresh moves.' }) }),
  token_type: Type.Literal('Bearer'),
  access_token: Type.String({ description: 'A JWT (RFC 9068) for the Authorization header.', examples: ['…'] }),
  expires_in: Type.Integer({ description: 'Seconds that the access token works.', examples: [900] }),
  refresh_token: Type.String({ description: 'Opaque; replaces the one held so far.', examples: ['…'] }),
  refresh_expires_in: Type.Integer({
    description: 'Seconds that the refresh token works if it is not used.',
    examples: [604800]
  }),
  device_token: Type.String({ description: 'Names this device; send it back at the next login.', examples: ['…'] })
}, { title: 'Tokens', description: 'What a client keeps in secure storage, in place of what it held before.' })

/** The answer to a login or refresh with `transport: cookie`. */
export const CookieAnswer = Type.Object({
  user: TokenAnswer.properties.user,
  session: TokenAnswer.properties.session,
  expires_in: TokenAnswer.properties.expires_in,
  refresh_expires_in: TokenAnswer.properties.refresh_expires_in
}, { title: 'CookieSession', description: 'With `transport: cookie`: the tokens are in Set-Cookie and nowhere else.' })

/** Which of the two is answered depends on the session's transport. */
export const TokenResponseAnswer = Type.Union([TokenAnswer, CookieAnswer], {
  title: 'TokenResponse',
  description: 'Signed in.'
})

export const SessionList = Type.Object({
  sessions: Type.Array(Type.Object({
    id: Id,
    current: Type.Boolean({ description: 'Whether it is the one that asks.' }),
    transport: oneOf(['bearer', 'cookie']),
    device_name: orNull(Type.String({ examples: ['Ada’s phone'] })),
    user_agent: orNull(Type.String()),
    ip: orNull(Type.String({ examples: ['198.51.100.7'] })),
    amr: Type.Array(Type.String(), { description: 'How the user was authenticated (RFC 8176).', examples: [['pwd']] }),
    acr: Type.String({
      description: 'How strongly: `urn:latchkey:acr:1fa`, `urn:latchkey:acr:2fa` or `phr`.',
      examples: ['urn:latchkey:acr:1fa']
    }),
    auth_time: Type.String({ ...Time, description: 'When.' }),
    created_at: Time,
    last_seen_at: Time,
    expires_at: Time
  }, { title: 'Session' }))
}, { title: 'SessionList', description: 'The living sessions, the one used last first.' })
