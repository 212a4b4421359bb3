import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

const schema = {
  operationId: 'getPoolStats',
  summary: 'The pool of connections to Postgres',
  description: 'With `stats:read` or the operations token. `in_use` and `waiting` count statements and transactions of this node.',
  tags: ['Health'],
  security: [{ bearer: [] }, { cookie: [] }, { operations: [] }],
  response: {
    200: Type.Object({
      max: Type.Integer(),
      min: Type.Integer(),
      in_use: Type.Integer(),
      waiting: Type.Integer()
    }, { description: 'The figures of this moment.' })
  }
}

interface PoolStatsOptions { poolMax: number, poolMin: number }

const poolStats: FastifyPluginAsyncTypebox<PoolStatsOptions> = async (app, { poolMax, poolMin }) => {
  app.get('/pool-stats', { schema }, async () => {
    const { running, waiting } = app.database.load()
    return { max: poolMax, min: poolMin, in_use: running, waiting }
  })
}

export default poolStats
