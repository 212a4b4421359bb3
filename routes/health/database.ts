import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

const schema = {
  operationId: 'getDatabaseHealth',
  summary: 'How long Postgres takes to answer',
  description: 'With `stats:read` or the operations token.',
  tags: ['Health'],
  security: [{ bearer: [] }, { cookie: [] }, { operations: [] }],
  response: {
    200: Type.Object({
      database: Type.Literal('connected'),
      latency_ms: Type.Number({ examples: [0.8] })
    }, { description: 'It answers.' })
  }
}

const database: FastifyPluginAsyncTypebox = async app => {
  app.get('/database', { schema }, async () => {
    const latency = await app.database.ping()
    return { database: 'connected' as const, latency_ms: Math.round(latency * 100) / 100 }
  })
}

export default database
