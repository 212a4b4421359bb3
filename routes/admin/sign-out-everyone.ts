import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'

const schema = {
  operationId: 'signOutEveryone',
  tags: ['Administration'],
  summary: 'Sign everybody out',
  description: 'Ends every session of every user in one step, also the one that asks; the reason is `everyone_signed_out`. Needs `roles:write` and a sign-in within ten minutes: else 401 `reauthentication_required`.',
  body: NoBody,
  response: { 204: Type.Null({ description: 'Nobody is signed in.' }) }
}

const signOutEveryone: FastifyPluginAsyncTypebox = async app => {
  app.post('/sign-out-everyone', { schema }, async ({ principal, caller }, reply) => {
    await app.accounts.signOutEveryone({ actor: principal, caller })
    reply.code(204)
  })
}

export default signOutEveryone
