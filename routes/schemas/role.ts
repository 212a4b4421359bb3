import { Type } from '@sinclair/typebox'
import { RoleName, UserType } from './input.ts'
import { oneOf } from './types.ts'

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
    description: 'Who has the role acts upon those of lower ranks only.',
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

export const RoleBody = Type.Object({
  name: Type.Optional({ ...RoleName, description: 'If it is said, the one of the path.' }),
  ...properties
}, { additionalProperties: false })

export const Role = Type.Object({ name: RoleName, ...properties }, {
  title: 'Role',
  description: 'What its users may do, and upon whom.'
})

export const RoleAnswer = Type.Object({ role: Role }, { title: 'RoleAnswer', description: 'The role as it is now.' })

export const RoleList = Type.Object({ roles: Type.Array(Role) }, {
  title: 'RoleList',
  description: 'Every role, the highest first.'
})

export const RoleParams = Type.Object({ name: RoleName }, { additionalProperties: false })
