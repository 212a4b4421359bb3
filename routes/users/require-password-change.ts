import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'
import { UserAnswer, UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'requirePasswordChange',
  tags: ['Users'],
  summary: 'Have the password changed',
  description: 'Needs `users:write` and a rank above the user’s. Sessions go on, but until it is changed they are good for nothing else: 403 `password_change_required`. No device is remembered meanwhile.',
  params: UserParams,
  body: NoBody,
  response: { 200: UserAnswer },
  refusals: codes('conflict', 'last_super_admin')
}

const requirePasswordChange: FastifyPluginAsyncTypebox = async app => {
  app.post('/:id/require-password-change', { schema, config: { subject: 'id' } }, async request => {
    return await app.userAdministration.requirePasswordChange(request.params.id, request)
  })
}

export default requirePasswordChange
