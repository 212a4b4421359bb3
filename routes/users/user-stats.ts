import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { StatisticsAnswer } from '../schemas/statistics.ts'

const schema = {
  operationId: 'getUserStatistics',
  tags: ['Users'],
  summary: 'Figures for a dashboard',
  description: 'Needs `stats:read`. The same as `/admin/dashboard/stats`. It costs the same whatever the number of users.',
  response: { 200: StatisticsAnswer }
}

const userStats: FastifyPluginAsyncTypebox = async app => {
  app.get('/stats', { schema }, async () => await app.statistics.overview())
}

export default userStats
