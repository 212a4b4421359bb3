import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { codes } from '../schemas/refusals.ts'
import { TokenResponseAnswer } from '../schemas/session.ts'

const schema = {
  operationId: 'removePassword',
  tags: ['Password'],
  summary: 'Give up the password',
  description: 'From then on passkeys sign in, and nothing else; a forgotten passkey is replaced by a password from a link in a mail together with a recovery code. Needs a passkey that was proved within ten minutes, a passkey that signs in alone and is backed up, or two of them, and recovery codes: else 409 `last_factor`. The account has two steps from then on. Every other session ends; this one goes on with the tokens of the answer. 404 for an account without a password.',
  response: { 200: TokenResponseAnswer },
  refusals: codes('not_found', 'last_factor')
}

const removePassword: FastifyPluginAsyncTypebox = async app => {
  app.delete('/password', { schema }, async ({ principal, caller }, reply) =>
    reply.handOver(await app.accounts.removePassword(principal, caller)))
}

export default removePassword
