import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { IfMatch } from '../schemas/entity-tags.ts'
import { codes } from '../schemas/refusals.ts'
import { RoleAnswer, RoleBody, RoleParams } from '../schemas/role.ts'

const schema = {
  operationId: 'putRole',
  tags: ['Administration'],
  summary: 'Make or replace a role',
  description: 'Needs `roles:write`, a rank above the role’s, before and after, each permission that it gets, and a recent sign-in. `super_admin` cannot be changed. It holds at once for everybody who has the role. 201: it is new. 409 `conflict`: people of this kind register into another role already. `If-Match` takes the `ETag` of the list of roles, and `*` for a role that is there.',
  params: RoleParams,
  headers: IfMatch,
  body: RoleBody,
  response: { 200: RoleAnswer, 201: RoleAnswer },
  refusals: codes('malformed_request', 'conflict', 'stale')
}

const putRole: FastifyPluginAsyncTypebox = async app => {
  app.put('/:name', { schema }, async (request, reply) => {
    const { body, params } = request
    const { role, isNew } = await app.roleAdministration.put(params.name, {
      name: body.name,
      rank: body.rank,
      userType: body.user_type,
      requiresApproval: body.requires_approval,
      selfRegistration: body.self_registration,
      permissions: body.permissions,
      factorPolicy: body.second_factor,
      factorPolicyFrom: body.second_factor_from ?? undefined
    }, request, request.ifMatch)
    reply.code(isNew ? 201 : 200)
    return { role }
  })
}

export default putRole
