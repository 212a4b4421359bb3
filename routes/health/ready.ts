import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

const schema = {
  operationId: 'getReadiness',
  summary: 'Whether this node should get traffic',
  description: '503 while it starts, drains, or has been without a store, a schema for its code, a fresh change feed, a right clock or open keys for longer than READY_GRACE.',
  tags: ['Health'],
  security: [],
  response: {
    200: Type.Object({ status: Type.Literal('ready') }, { description: 'It should.' }),
    503: Type.Object({ status: Type.Literal('not_ready') }, { description: 'Not now.' })
  }
}

const ready: FastifyPluginAsyncTypebox = async app => {
  app.get('/ready', { schema }, async (_request, reply) => {
    if (app.health.isReady()) return { status: 'ready' as const }
    reply.code(503).header('retry-after', '1')
    return { status: 'not_ready' as const }
  })
}

export default ready
