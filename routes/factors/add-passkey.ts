import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { PasskeyAnswer, PasskeyName, RegistrationCredential } from '../schemas/passkey.ts'
import { codes } from '../schemas/refusals.ts'

const schema = {
  operationId: 'addPasskey',
  tags: ['Second factors'],
  summary: 'Add a passkey',
  description: 'For the options of /auth/passkeys/options, in the same session. Nothing ends, and the sign-in by password stays as it is. 422 `token_invalid` if the credential does not answer the options, or they are older than ten minutes; 409 `conflict` for a credential that is known.',
  body: Type.Object({ credential: RegistrationCredential, name: PasskeyName }, { additionalProperties: false }),
  response: { 201: PasskeyAnswer },
  refusals: codes('token_invalid', 'conflict')
}

const addPasskey: FastifyPluginAsyncTypebox = async app => {
  app.post('/passkeys', { schema }, async ({ body, principal, caller }, reply) => {
    const { credential: { id, response, clientExtensionResults }, name } = body
    const { clientDataJSON: clientDataJson, attestationObject, transports = [] } = response
    reply.code(201)
    return await app.passkeys.register(principal, {
      response: { id, clientDataJson, attestationObject },
      transports,
      discoverable: clientExtensionResults?.credProps?.rk ?? null,
      name
    }, caller)
  })
}

export default addPasskey
