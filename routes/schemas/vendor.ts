import { Type } from '@sinclair/typebox'
import { oneOf, orNull } from './types.ts'
import { Id } from './user.ts'
import { VendorName } from './input.ts'

export const Vendor = Type.Object({
  id: Id,
  name: VendorName,
  status: oneOf(['active', 'suspended'])
}, { title: 'Vendor', description: 'An organisation; its users carry its id as `vendor_id`.' })

export const VendorAnswer = Type.Object({ vendor: Vendor }, { title: 'VendorAnswer', description: 'The vendor.' })

export const VendorList = Type.Object({
  vendors: Type.Array(Vendor),
  next_cursor: orNull(Type.String({
    description: 'Where the next page begins; null on the last one.',
    examples: ['…']
  }))
}, { title: 'VendorList', description: 'A page of vendors.' })

export const VendorParams = Type.Object({
  id: Type.String({ ...Id, description: 'Of the vendor.' })
}, { additionalProperties: false })
