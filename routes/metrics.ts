import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

const schema = {
  operationId: 'getMetrics',
  summary: 'Metrics for Prometheus',
  description: 'With the operations token; without one in the settings there is nothing here, but perhaps on METRICS_PORT.',
  tags: ['Operations'],
  security: [{ operations: [] }],
  response: {
    200: Type.Unsafe<string>({
      description: 'The text format of Prometheus.',
      content: { 'text/plain': { schema: Type.String() } }
    })
  }
}

const metrics: FastifyPluginAsyncTypebox = async app => {
  app.guardRoutes({ onRequest: [app.operationsToken.guard] })
  app.get('/metrics', { schema }, async (_request, reply) => {
    reply.type(app.metrics.contentType)
    return await app.metrics.render()
  })
}

export default metrics
