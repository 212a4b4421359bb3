import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { PasskeysAnswer } from '../schemas/passkey.ts'

const schema = {
  operationId: 'listPasskeys',
  tags: ['Second factors'],
  summary: 'One’s passkeys and security keys',
  response: { 200: PasskeysAnswer }
}

const listPasskeys: FastifyPluginAsyncTypebox = async app => {
  app.get('/passkeys', { schema }, async ({ principal }) => await app.passkeys.list(principal))
}

export default listPasskeys
