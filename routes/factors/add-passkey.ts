import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { PasskeyAddedAnswer } from '../schemas/factor.ts'
import { PasskeyName, RegistrationCredential } from '../schemas/passkey.ts'
import { codes } from '../schemas/refusals.ts'

const schema = {
  operationId: 'addPasskey',
  tags: ['Second factors'],
  summary: 'Add a passkey',
  description: 'For the options of /auth/passkeys/options, in the same session. Nothing ends, and the sign-in by password stays as it is. In a session that the link of a reset has opened it takes the place of all other factors: every other session ends, the answer has new recovery codes, and tokens with which this session goes on. 422 `token_invalid` if the credential does not answer the options, or they are older than ten minutes; 409 `conflict` for a credential that is known.',
  body: Type.Object({ credential: RegistrationCredential, name: PasskeyName }, { additionalProperties: false }),
  response: { 201: PasskeyAddedAnswer },
  refusals: codes('token_invalid', 'conflict')
}

const addPasskey: FastifyPluginAsyncTypebox = async app => {
  app.post('/passkeys', { schema }, async ({ body, principal, caller }, reply) => {
    const { credential: { id, response, clientExtensionResults }, name } = body
    const { clientDataJSON: clientDataJson, attestationObject, transports = [] } = response
    reply.code(201)
    const { passkey, change } = await app.passkeys.register(principal, {
      response: { id, clientDataJson, attestationObject },
      transports,
      discoverable: clientExtensionResults?.credProps?.rk ?? null,
      name
    }, caller)
    const { recovery_codes: codes } = change ?? {}
    return { ...(change && reply.handOver(change)), passkey, ...(codes && { recovery_codes: codes }) }
  })
}

export default addPasskey
