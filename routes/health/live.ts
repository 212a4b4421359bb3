import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

const schema = {
  operationId: 'getLiveness',
  summary: 'Whether the process can answer',
  description: 'For a supervisor that restarts what does not. Touches nothing.',
  tags: ['Health'],
  security: [],
  response: { 200: Type.Object({ status: Type.Literal('live') }, { description: 'It can.' }) }
}

const live: FastifyPluginAsyncTypebox = async app => {
  app.get('/live', { schema }, async (_, reply) => {
    // A page of any origin may learn that this answers: so a client tells a missing ALLOWED_ORIGINS from the network.
    reply.header('cross-origin-resource-policy', 'cross-origin')
    return { status: 'live' as const }
  })
}

export default live
