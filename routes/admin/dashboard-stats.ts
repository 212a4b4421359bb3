import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { StatisticsAnswer } from '../schemas/statistics.ts'

const schema = {
  operationId: 'getDashboardStatistics',
  tags: ['Administration'],
  summary: 'Figures for a dashboard',
  description: 'Needs `stats:read`. The same as `/users/stats`. It costs the same whatever the number of users.',
  response: { 200: StatisticsAnswer }
}

const dashboardStats: FastifyPluginAsyncTypebox = async app => {
  app.get('/dashboard/stats', { schema }, async () => await app.statistics.overview())
}

export default dashboardStats
