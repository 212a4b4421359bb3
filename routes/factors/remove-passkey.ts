import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { PasskeyParams } from '../schemas/passkey.ts'
import { codes } from '../schemas/refusals.ts'
import { TokenResponseAnswer } from '../schemas/session.ts'

const schema = {
  operationId: 'removePasskey',
  tags: ['Second factors'],
  summary: 'Remove a passkey',
  description: 'Every other session ends; this one goes on with the tokens of the answer. If no factor is left, the recovery codes go, too. 409 `last_factor` for the last factor of an account with two steps: switch that off first.',
  params: PasskeyParams,
  response: { 200: TokenResponseAnswer },
  refusals: codes('last_factor')
}

const removePasskey: FastifyPluginAsyncTypebox = async app => {
  app.delete('/passkeys/:id', { schema }, async ({ params, principal, caller }, reply) =>
    reply.handOver(await app.passkeys.remove(principal, params.id, caller)))
}

export default removePasskey
