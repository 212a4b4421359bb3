import type { User } from './user-store.ts'

/** The fields of a user that clients may see. */
export type VisibleUser = Pick<
  User,
  | 'id'
  | 'email'
  | 'fullName'
  | 'locale'
  | 'role'
  | 'userType'
  | 'vendorId'
  | 'status'
  | 'emailVerified'
  | 'approval'
  | 'mustChangePassword'
  | 'lastLoginAt'
  | 'createdAt'
  | 'updatedAt'
>

/** A user in an answer, under the names of the API. Times are in RFC 3339. */
export function presentUser (user: VisibleUser) {
  return {
    id: user.id,
    email: user.email,
    full_name: user.fullName,
    locale: user.locale,
    role: user.role,
    user_type: user.userType,
    vendor_id: user.vendorId,
    status: user.status,
    email_verified: user.emailVerified,
    approval: user.approval,
    must_change_password: user.mustChangePassword,
    last_login_at: user.lastLoginAt?.toISOString() ?? null,
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString()
  }
}
