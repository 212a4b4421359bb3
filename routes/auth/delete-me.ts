import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { codes } from '../schemas/refusals.ts'

const schema = {
  operationId: 'deleteMe',
  tags: ['Profile'],
  summary: 'Erase one’s account',
  description: 'The account and everything about it, for good; the owner gets one last mail. Needs a sign-in within ten minutes: else 401 `reauthentication_required`. 409 `last_super_admin`: somebody must remain who may do everything.',
  response: {
    204: Type.Null({
      description: 'Erased, and signed out everywhere. A browser still knows its device, which may serve other accounts.',
      headers: { 'Clear-Site-Data': { type: 'string', examples: ['"cache", "storage"'], description: 'For browsers.' } }
    })
  },
  refusals: codes('last_super_admin')
}

const deleteMe: FastifyPluginAsyncTypebox = async app => {
  app.delete('/me', { schema }, async ({ principal, caller, cookiesCarried }, reply) => {
    await app.accounts.eraseMe(principal, caller)

    reply.code(204).header('clear-site-data', '"cache", "storage"')
    if (cookiesCarried.access !== undefined || cookiesCarried.refresh !== undefined) reply.forget('access', 'refresh')
  })
}

export default deleteMe
