import { Type } from '@sinclair/typebox'
import { RoleName, UserType } from './input.ts'
import { oneOf } from './types.ts'
import { Time } from './user.ts'

/** All permissions that a role can have. */
export const permissions = [
  'users:read', 'users:write', 'users:delete', 'users:approve', 'sessions:revoke', 'audit:read', 'roles:write',
  'stats:read'
] as const

/** The properties of a role except its name. */
const properties = {
  rank: Type.Integer({
    minimum: 0,
    maximum: 100,
    description: 'Users with the role may act only upon users of lower ranks.',
    examples: [30]
  }),
  user_type: UserType,
  requires_approval: Type.Boolean({
    description: 'Whether those who register into it wait until somebody approves.',
    examples: [false]
  }),
  self_registration: Type.Boolean({
    description: 'Whether people of this kind register into it by themselves; one role for each kind, and one without permissions.',
    examples: [false]
  }),
  permissions: Type.Array(oneOf(permissions), {
    uniqueItems: true,
    maxItems: permissions.length,
    examples: [['users:read', 'stats:read']]
  })
}

const factorProperties = {
  second_factor: {
    ...oneOf(['optional', 'required', 'phishing_resistant']),
    description: 'What its users need beside the password. `required`: a second factor at every sign-in. `phishing_resistant`: a passkey.'
  },
  second_factor_from: Type.Union([Type.Null(), Time], {
    description: 'When that begins to hold; `null` for `optional`.'
  })
}

export const RoleBody = Type.Object({
  name: Type.Optional({ ...RoleName, description: 'May be left out. Otherwise it must be the name in the path.' }),
  ...properties,
  second_factor: Type.Optional({
    ...factorProperties.second_factor,
    description: `${factorProperties.second_factor.description} Left out, it stays as it is; a new role has \`optional\`.`
  }),
  second_factor_from: Type.Optional({
    ...factorProperties.second_factor_from,
    description: 'When that begins to hold, in the years 1970 to 9999 (UTC). Left out or `null`: at once if `second_factor` changes.'
  })
}, { additionalProperties: false })

export const Role = Type.Object({
  name: RoleName,
  ...properties,
  ...factorProperties,
  // The store has texts. Only this schema knows that each of them is one of the permissions.
  permissions: Type.Unsafe<string[]>(properties.permissions)
}, {
  title: 'Role',
  description: 'What its users may do, and to whom.'
})

export const RoleAnswer = Type.Object({ role: Role }, { title: 'RoleAnswer', description: 'The role as it is now.' })

export const RoleList = Type.Object({ roles: Type.Array(Role) }, {
  title: 'RoleList',
  description: 'Every role, the highest first.'
})

export const RoleParams = Type.Object({ name: RoleName }, { additionalProperties: false })
