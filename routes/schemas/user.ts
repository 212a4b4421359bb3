import { Type } from '@sinclair/typebox'

/** A moment in RFC 3339, UTC with milliseconds. */
export const Time = Type.String({ format: 'date-time' })

export const Id = Type.String({ format: 'uuid' })

/** A user as clients see one. */
export const User = Type.Object({
  id: Id,
  email: Type.String(),
  full_name: Type.String(),
  locale: Type.String(),
  role: Type.String(),
  user_type: Type.String(),
  vendor_id: Type.Union([Id, Type.Null()]),
  status: Type.Union([Type.Literal('active'), Type.Literal('disabled')]),
  email_verified: Type.Boolean(),
  approval: Type.Union([Type.Literal('not_required'), Type.Literal('pending'), Type.Literal('approved'), Type.Literal('rejected')]),
  must_change_password: Type.Boolean(),
  last_login_at: Type.Union([Time, Type.Null()]),
  created_at: Time,
  updated_at: Time
}, { title: 'User' })

export const UserAnswer = Type.Object({ user: User })
