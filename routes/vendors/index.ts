import type { FastifyPluginAsync } from 'fastify'
import createVendor from './create-vendor.ts'
import listVendors from './list-vendors.ts'
import updateVendor from './update-vendor.ts'

/** Everything under `/vendors`. */
const vendors: FastifyPluginAsync = async app => {
  app.addHook('onRequest', app.requireSession())
  app.addHook('onRequest', app.limitRequests.bySession)
  app.addHook('onRequest', app.requirePermission('users:write'))
  for (const route of [listVendors, createVendor, updateVendor]) app.register(route)
}

export default vendors
