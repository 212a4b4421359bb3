import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { PasskeyAnswer, PasskeyName, PasskeyParams } from '../schemas/passkey.ts'

const schema = {
  operationId: 'renamePasskey',
  tags: ['Second factors'],
  summary: 'Rename a passkey',
  params: PasskeyParams,
  body: Type.Object({ name: PasskeyName }, { additionalProperties: false }),
  response: { 200: PasskeyAnswer }
}

const renamePasskey: FastifyPluginAsyncTypebox = async app => {
  app.patch('/passkeys/:id', { schema }, async ({ params, body, principal }) =>
    await app.passkeys.rename(principal, params.id, body.name))
}

export default renamePasskey
