import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { oneOf, orNull } from '../schemas/types.ts'
import { Time } from '../schemas/user.ts'

const SigningKey = Type.Object({
  kid: Type.String({ description: 'As in the header of the tokens that it signs.' }),
  alg: oneOf(['ES256']),
  state: oneOf(['next', 'active', 'retired'], {
    description: '`next` is published and does not sign yet, `active` signs, `retired` only verifies.'
  }),
  created_at: Time,
  active_from: orNull(Type.String({
    ...Time,
    description: 'From when on it signs; for a `next` key, when it takes over by itself.'
  })),
  retired_at: orNull(Type.String({
    ...Time,
    description: 'When it stopped signing; for an `active` key, when it has been asked to stop.'
  })),
  expires_at: orNull(Type.String({ ...Time, description: 'When a `retired` key stops verifying and is removed.' }))
}, { title: 'SigningKey', description: 'What is public of a key that signs access tokens.' })

const SigningKeyList = Type.Object({
  keys: Type.Array(SigningKey),
  complete: Type.Boolean({
    description: '`false` while there are keys under an `ENCRYPTION_KEY` that this node does not have. They are not listed.'
  })
}, { title: 'SigningKeyList', description: 'The signing keys, in the order in which they sign.' })

const schema = {
  operationId: 'listSigningKeys',
  tags: ['Administration'],
  summary: 'List the signing keys',
  description: 'Needs `roles:write`. What is public of them: their states and times. The keys themselves are at `/.well-known/jwks.json`.',
  response: { 200: SigningKeyList }
}

const listKeys: FastifyPluginAsyncTypebox = async app => {
  app.get('/keys', { schema }, async () => app.signingKeys.list())
}

export default listKeys
