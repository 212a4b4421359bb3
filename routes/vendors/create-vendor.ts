import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { VendorName } from '../schemas/input.ts'
import { VendorAnswer } from '../schemas/vendor.ts'

const schema = {
  operationId: 'createVendor',
  tags: ['Administration'],
  summary: 'Make a vendor',
  description: 'Needs `users:write`. It has no users yet: they get its id as `vendor_id`. Two vendors may have one name.',
  body: Type.Object({ name: VendorName }, { additionalProperties: false }),
  response: { 201: VendorAnswer }
}

const createVendor: FastifyPluginAsyncTypebox = async app => {
  app.post('/', { schema }, async (request, reply) => {
    reply.code(201)
    return await app.vendors.create(request.body.name, request)
  })
}

export default createVendor
