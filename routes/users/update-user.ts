import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { FullName, Locale, NewEmail, RoleName } from '../schemas/input.ts'
import { IfMatch, tagged } from '../schemas/entity-tags.ts'
import { codes } from '../schemas/refusals.ts'
import { UserAnswer, UserParams, VendorId } from '../schemas/user.ts'

const schema = {
  operationId: 'updateUser',
  tags: ['Users'],
  summary: 'Change an account',
  description: 'Needs `users:write` and a rank above the user’s, and above that of a new role; a role of rank 60 or more, and another address, also a recent sign-in. What is left out stays. An address is asked for, not changed: the new one gets a link that confirms it, the old one is told. `PUT` is the same call.',
  params: UserParams,
  body: Type.Object({
    full_name: Type.Optional(FullName),
    role: Type.Optional(RoleName),
    vendor_id: Type.Optional(VendorId),
    locale: Type.Optional(Locale),
    email: Type.Optional(NewEmail)
  }, { additionalProperties: false, minProperties: 1, examples: [{ role: 'accountant' }] }),
  headers: IfMatch,
  response: { 200: tagged(UserAnswer) },
  refusals: codes('malformed_request', 'conflict', 'last_super_admin', 'reauthentication_required', 'stale')
}

const alias = {
  ...schema,
  operationId: 'replaceUser',
  summary: 'Change an account: another name of PATCH',
  description: 'The same call.',
  response: { 200: UserAnswer }
}

const updateUser: FastifyPluginAsyncTypebox = async app => {
  for (const [method, described] of [['PATCH', schema], ['PUT', alias]] as const) {
    app.route({
      method,
      url: '/:id',
      schema: described,
      config: { subject: 'id' },
      handler: async (request, reply) => {
        const { full_name: fullName, role, vendor_id: vendorId, locale, email } = request.body
        const answer = await app.userAdministration.update(request.params.id, {
          ...fullName !== undefined && { fullName },
          ...role !== undefined && { role },
          ...vendorId !== undefined && { vendorId },
          ...locale !== undefined && { locale },
          ...email !== undefined && { email }
        }, request, request.ifMatch)
        // The answer to a PUT has no tag, because what was sent is not what is stored (RFC 9110 §9.3.4).
        if (method === 'PATCH') reply.tag(answer.user)
        return answer
      }
    })
  }
}

export default updateUser
