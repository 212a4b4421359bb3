import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { VendorName } from '../schemas/input.ts'
import { oneOf } from '../schemas/types.ts'
import { VendorAnswer, VendorParams } from '../schemas/vendor.ts'

const schema = {
  operationId: 'updateVendor',
  tags: ['Administration'],
  summary: 'Rename, suspend or reinstate a vendor',
  description: 'Needs `users:write`. While a vendor is suspended its users are refused 403 `vendor_suspended`, with the tokens they have too, everywhere but at `GET /auth/me` and `POST /auth/logout`; no session ends, and all of them go on when it is reinstated. Nobody suspends or reinstates a vendor with a user of their own rank or above.',
  params: VendorParams,
  body: Type.Object({
    name: Type.Optional(VendorName),
    status: Type.Optional(oneOf(['active', 'suspended']))
  }, { additionalProperties: false, minProperties: 1, examples: [{ status: 'suspended' }] }),
  response: { 200: VendorAnswer }
}

const updateVendor: FastifyPluginAsyncTypebox = async app => {
  app.patch('/:id', { schema }, async request => {
    const { name, status } = request.body
    return await app.vendors.update(request.params.id, {
      ...name !== undefined && { name },
      ...status !== undefined && { status }
    }, request)
  })
}

export default updateVendor
