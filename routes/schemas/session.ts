import { Type } from '@sinclair/typebox'
import { Id, Time, User } from './user.ts'

/** What a client gets that has signed in or refreshed. */
export const TokenAnswer = Type.Object({
  user: User,
  session: Type.Object({ id: Id, expires_at: Time }),
  token_type: Type.Literal('Bearer'),
  access_token: Type.String(),
  expires_in: Type.Integer({ description: 'Seconds that the access token works.' }),
  refresh_token: Type.String(),
  refresh_expires_in: Type.Integer({ description: 'Seconds that the refresh token works if it is not used.' }),
  device_token: Type.String({ description: 'Names this device; send it back at the next login.' })
}, { title: 'Tokens' })

export const SessionList = Type.Object({
  sessions: Type.Array(Type.Object({
    id: Id,
    current: Type.Boolean(),
    transport: Type.Union([Type.Literal('bearer'), Type.Literal('cookie')]),
    device_name: Type.Union([Type.String(), Type.Null()]),
    user_agent: Type.Union([Type.String(), Type.Null()]),
    ip: Type.Union([Type.String(), Type.Null()]),
    created_at: Time,
    last_seen_at: Time,
    expires_at: Time
  }, { title: 'Session' }))
})
