import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { SecondFactorsAnswer } from '../schemas/factor.ts'

const schema = {
  operationId: 'listSecondFactors',
  tags: ['Second factors'],
  summary: 'What one has beside the password',
  response: { 200: SecondFactorsAnswer }
}

const listSecondFactors: FastifyPluginAsyncTypebox = async app => {
  app.get('/second-factors', { schema }, async ({ principal }) => await app.factorSummaries.describe(principal))
}

export default listSecondFactors
