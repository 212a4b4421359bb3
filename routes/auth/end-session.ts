import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Id } from '../schemas/user.ts'

const schema = {
  operationId: 'endSession',
  tags: ['Session'],
  summary: 'Sign out one of one’s sessions',
  params: Type.Object({
    id: Type.String({ ...Id, description: 'From the list of sessions.' })
  }, { additionalProperties: false }),
  response: { 204: Type.Null({ description: 'It has ended, now or before.' }) }
}

const endSession: FastifyPluginAsyncTypebox = async app => {
  app.delete('/sessions/:id', { schema }, async ({ params, principal, caller }, reply) => {
    await app.accounts.endSession(principal, params.id, caller)
    reply.code(204)
  })
}

export default endSession
