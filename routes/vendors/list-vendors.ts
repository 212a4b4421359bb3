import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Cursor, Limit, SearchText } from '../schemas/input.ts'
import { VendorList } from '../schemas/vendor.ts'

const schema = {
  operationId: 'listVendors',
  tags: ['Administration'],
  summary: 'List vendors, by name',
  description: 'Needs `users:write`. In pages: go on with `next_cursor`, and the same `q`, until it is `null`.',
  querystring: Type.Object({
    limit: Type.Optional(Limit),
    cursor: Type.Optional(Cursor),
    q: Type.Optional(Type.String({
      ...SearchText,
      description: 'The beginning of the name, in upper or lower case.',
      examples: ['quill']
    }))
  }, { additionalProperties: false }),
  response: { 200: VendorList }
}

const listVendors: FastifyPluginAsyncTypebox = async app => {
  app.get('/', { schema }, async ({ query: { limit = '50', cursor, q } }) => {
    return await app.vendors.list({ q, cursor, limit: Number(limit) })
  })
}

export default listVendors
