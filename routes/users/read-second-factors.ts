import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { SecondFactorsAnswer } from '../schemas/factor.ts'
import { UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'readSecondFactors',
  tags: ['Users'],
  summary: 'What a user has beside the password',
  description: 'Needs `users:read`. Counts and dates, no secret.',
  params: UserParams,
  response: { 200: SecondFactorsAnswer }
}

const readSecondFactors: FastifyPluginAsyncTypebox = async app => {
  app.get('/:id/second-factors', { schema, config: { subject: 'id' } }, async ({ params }) => {
    return await app.factorSummaries.describeOther(params.id)
  })
}

export default readSecondFactors
