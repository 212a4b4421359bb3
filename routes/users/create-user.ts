import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { FullName, Locale, NewEmail, RoleName } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'
import { UserAnswer, VendorId } from '../schemas/user.ts'

const schema = {
  operationId: 'createUser',
  tags: ['Users'],
  summary: 'Make an account for somebody',
  description: 'Needs `users:write` and a rank above that of the role; for a role of rank 60 or more also a recent sign-in. The user is mailed an invitation to choose a password, which works for seven days; nobody else sets one. 409 `conflict`: the address has an account, or the owner of one may still restore it, by the mail about a change of address.',
  body: Type.Object({
    email: NewEmail,
    full_name: FullName,
    role: RoleName,
    vendor_id: Type.Optional(VendorId),
    locale: Type.Optional(Locale)
  }, { additionalProperties: false, examples: [{ email: 'ada@example.com', full_name: 'Ada King', role: 'user' }] }),
  response: { 201: UserAnswer },
  refusals: codes('conflict', 'reauthentication_required')
}

const createUser: FastifyPluginAsyncTypebox = async app => {
  app.post('/', { schema }, async (request, reply) => {
    const { email, full_name: fullName, role, vendor_id: vendorId, locale } = request.body
    reply.code(201)
    return await app.userAdministration.invitations.create({ email, fullName, role, vendorId, locale }, request)
  })
}

export default createUser
