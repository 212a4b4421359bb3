import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { codes } from '../schemas/refusals.ts'
import { position } from '../schemas/types.ts'

// RFC 7517: public members only.
const schema = {
  operationId: 'getJwks',
  summary: 'Public keys of access tokens',
  description: 'For services that verify access tokens themselves (RFC 7517). Cacheable; a key is here before it signs and until the last token that it signed has expired. 503 `unavailable` at a node that cannot open all keys. With `as_of` the answer is not cacheable and repeats it: a node that does not know yet of that change answers 503, and so does one that is cut off.',
  tags: ['Well-known'],
  security: [],
  querystring: Type.Object({
    as_of: Type.Optional(Type.String({ ...position, description: 'The `as_of` of the last `keys_changed` that was told.' }))
  }),
  response: {
    200: Type.Object({
      keys: Type.Array(Type.Object({
        kty: Type.Literal('EC'),
        crv: Type.Literal('P-256'),
        x: Type.String(),
        y: Type.String(),
        kid: Type.String({ format: 'uuid' }),
        alg: Type.Literal('ES256'),
        use: Type.Literal('sig')
      })),
      as_of: Type.Optional(Type.String({ description: 'That of the question: the keys are of then, or newer.' }))
    }, { title: 'KeySet', description: 'The keys, public members only.' }),
    304: Type.Null({ description: 'Not modified.' })
  },
  refusals: codes('unavailable')
}

const jwks: FastifyPluginAsyncTypebox = async app => {
  app.get('/jwks.json', { schema }, async (request, reply) => {
    const { as_of: asOf } = request.query
    if (asOf !== undefined) return app.publishedKeys.asOf(asOf)

    const { current, maxAgeSeconds } = app.publishedKeys
    const { jwks, etag } = current()
    reply.headers({ 'cache-control': `public, max-age=${maxAgeSeconds}`, etag })

    if (!isCurrent(request.headers['if-none-match'], etag)) return jwks
    reply.code(304)
    return null
  })
}

export default jwks

// RFC 9110, 13.1.2: a list, compared weakly.
function isCurrent (condition: string | undefined, etag: string) {
  return condition?.split(',').some(tag => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag) ?? false
}
