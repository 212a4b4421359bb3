import { Type } from '@sinclair/typebox'
import { oneOf, orNull } from './types.ts'

/** A moment in RFC 3339, UTC with milliseconds. */
export const Time = Type.String({ format: 'date-time', examples: ['2026-11-20T09:30:00.000Z'] })

const uuid = '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'

// The format alone would accept `urn:uuid:`, which no id of a row begins with.
export const Id = Type.String({ format: 'uuid', pattern: `^${uuid}$` })

/** The parameters of a query are texts, even if they mean a list. */
export const UserIds = Type.String({
  maxLength: 3699,
  pattern: `^${uuid}(,${uuid}){0,99}$`,
  description: 'Users with these ids: 100 at most, with commas between them. An id that no user has is passed over.',
  examples: ['0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11,5a3f7f0a-1f0e-4a0b-8d55-0d6a0a2f9c77']
})

/** A user as clients see it. */
export const User = Type.Object({
  id: Id,
  email: Type.String({ examples: ['ada@example.com'] }),
  full_name: Type.String({ examples: ['Ada King'] }),
  locale: Type.String({ description: 'A language tag (BCP 47).', examples: ['en'] }),
  role: Type.String({ description: 'Its permissions are data of the deployment.', examples: ['user'] }),
  user_type: Type.String({ description: 'What an application may ask for at login.', examples: ['user'] }),
  vendor_id: orNull(Type.String({ format: 'uuid', examples: [null] })),
  status: oneOf(['active', 'disabled']),
  email_verified: Type.Boolean(),
  approval: oneOf(['not_required', 'pending', 'approved', 'rejected']),
  must_change_password: Type.Boolean({
    description: 'Until it is changed, almost every request is refused: 403 `password_change_required`.',
    examples: [false]
  }),
  last_login_at: orNull(Time),
  created_at: Time,
  updated_at: Time
}, { title: 'User', description: 'An account.' })

export const UserAnswer = Type.Object({ user: User }, { title: 'UserAnswer', description: 'The account as it is now.' })

export const UserList = Type.Object({
  users: Type.Array(User),
  next_cursor: orNull(Type.String({
    description: 'Where the next page begins; null on the last one.',
    examples: ['…']
  }))
}, { title: 'UserList', description: 'A page of users.' })

/** The parameters of the path of a route about a user. */
export const UserParams = Type.Object({
  id: Type.String({ ...Id, description: 'Of the user.' })
}, { additionalProperties: false })

export const UserSessionParams = Type.Object({
  id: Type.String({ ...Id, description: 'Of the user.' }),
  sid: Type.String({ ...Id, description: 'From the list of the user’s sessions.' })
}, { additionalProperties: false })

/** `null` for a user without a vendor. */
export const VendorId = orNull(Type.String({
  ...Id,
  description: 'The vendor whose user it is; `null` for none.',
  examples: ['0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11']
}))
