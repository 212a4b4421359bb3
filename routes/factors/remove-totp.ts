import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { codes } from '../schemas/refusals.ts'
import { TokenResponseAnswer } from '../schemas/session.ts'

const schema = {
  operationId: 'removeTotp',
  tags: ['Second factors'],
  summary: 'Remove the authenticator app',
  description: 'And the recovery codes, if there is no passkey. Every other session ends; this one goes on with the tokens of the answer. 409 `last_factor` while the account has two steps and no passkey: switch that off first.',
  response: { 200: TokenResponseAnswer },
  refusals: codes('not_found', 'last_factor')
}

const removeTotp: FastifyPluginAsyncTypebox = async app => {
  app.delete('/totp', { schema }, async ({ principal, caller }, reply) =>
    reply.handOver(await app.secondFactors.removeTotp(principal, caller)))
}

export default removeTotp
