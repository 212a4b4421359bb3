import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { CreationOptionsAnswer } from '../schemas/passkey.ts'
import { codes } from '../schemas/refusals.ts'
import { oneOf } from '../schemas/types.ts'

const schema = {
  operationId: 'getPasskeyOptions',
  tags: ['Second factors'],
  summary: 'Begin to add a passkey',
  description: 'Needs a recent sign-in by everything that the account has: else 401 `reauthentication_required`. 409 `conflict` for an account with twenty passkeys.',
  body: Type.Optional(Type.Union([Type.Null(), Type.Object({
    kind: Type.Optional(oneOf(['passkey', 'security_key'], {
      description: '`passkey` (also when left out) verifies its user and signs in by itself. `security_key` only needs a touch, and is a second factor for ever.'
    }))
  }, { additionalProperties: false })])),
  response: { 200: CreationOptionsAnswer },
  refusals: codes('conflict')
}

const passkeyOptions: FastifyPluginAsyncTypebox = async app => {
  app.post('/passkeys/options', { schema }, async ({ body, principal }) =>
    await app.passkeys.offer(principal, body?.kind ?? 'passkey'))
}

export default passkeyOptions
