import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Cursor, Limit, RoleName, SearchText } from '../schemas/input.ts'
import { oneOf } from '../schemas/types.ts'
import { Id, UserIds, UserList } from '../schemas/user.ts'

const orders = ['-created_at', 'created_at', 'email', '-email', '-last_login_at', 'last_login_at'] as const

const schema = {
  operationId: 'listUsers',
  tags: ['Users'],
  summary: 'List users, search for them',
  description: 'Needs `users:read`. In pages: go on with `next_cursor`, and the same `q`, filters and `sort`, until it is `null`. A page may be shorter than `limit`, or empty, although there is a next one. By `last_login_at`, users who have never signed in count as the earliest.',
  querystring: Type.Object({
    limit: Type.Optional(Limit),
    cursor: Type.Optional(Cursor),
    q: Type.Optional(Type.String({
      ...SearchText,
      description: 'One or two characters: the beginning of the address or the name. From three on any part of them; where nobody has that, what is like it. Two characters of a name that is written without blanks, such as a Chinese one, find it by its beginning only.'
    })),
    role: Type.Optional(RoleName),
    status: Type.Optional(oneOf(['active', 'disabled'])),
    approval: Type.Optional(oneOf(['not_required', 'pending', 'approved', 'rejected'])),
    vendor_id: Type.Optional(Type.String({ ...Id, description: 'Users of this vendor.' })),
    ids: Type.Optional(UserIds),
    second_factor: Type.Optional(oneOf(['none', 'totp', 'passkey'], {
      description: 'Users with neither an authenticator app nor a passkey, with an app, or with a passkey or security key.'
    })),
    sort: Type.Optional(oneOf(orders, {
      description: 'With a minus the last come first. The newest first when left out.'
    }))
  }, { additionalProperties: false }),
  response: { 200: UserList }
}

const listUsers: FastifyPluginAsyncTypebox = async app => {
  app.get('/', { schema }, async ({ query }) => {
    const { limit = '50', sort = '-created_at', cursor, q, role, status, approval } = query
    const { vendor_id: vendorId, ids, second_factor: factor } = query
    return await app.userDirectory.list({
      q,
      cursor,
      limit: Number(limit),
      order: orderOf(sort),
      role: role ?? null,
      status: status ?? null,
      approval: approval ?? null,
      vendorId: vendorId ?? null,
      ids: ids?.split(',') ?? null,
      factor: factor ?? null
    })
  })
}

export default listUsers

function orderOf (sort: typeof orders[number]) {
  return { by: columnOf(sort), isDescending: sort.startsWith('-') }
}

function columnOf (sort: typeof orders[number]): 'created_at' | 'email' | 'last_login_at' {
  switch (sort) {
    case '-created_at':
    case 'created_at': return 'created_at'
    case '-email':
    case 'email': return 'email'
    default: return 'last_login_at'
  }
}
