import type { FastifyPluginAsync } from 'fastify'
import createVendor from './create-vendor.ts'
import listVendors from './list-vendors.ts'
import updateVendor from './update-vendor.ts'
import { guardedBy } from '../guarded.ts'

/** Everything under `/vendors`. */
const vendors: FastifyPluginAsync = async app => guardedBy(app, {
  'users:write': [listVendors, createVendor, updateVendor]
})

export default vendors
