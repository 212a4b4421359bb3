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
  app.get('/live', { schema }, async () => ({ status: 'live' as const }))
}

export default live
