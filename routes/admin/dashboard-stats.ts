import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { problems } from '../schemas/problem.ts'
import { StatisticsAnswer } from '../schemas/statistics.ts'

const schema = {
  operationId: 'getDashboardStatistics',
  tags: ['Administration'],
  summary: 'Figures for a dashboard',
  description: 'Needs `stats:read`. The same as `/users/stats`. It costs the same whatever the number of users.',
  response: { 200: StatisticsAnswer, ...problems(401, 403, 429, 503) }
}

const dashboardStats: FastifyPluginAsyncTypebox = async app => {
  app.get('/dashboard/stats', { schema }, async () => await app.statistics.overview())
}

export default dashboardStats
