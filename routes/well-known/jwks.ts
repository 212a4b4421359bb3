import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'

// RFC 7517: public members only. max-age is what a new key waits before it signs.
const schema = {
  operationId: 'getJwks',
  summary: 'Public keys of access tokens',
  description: 'For services that verify access tokens themselves (RFC 7517). Cacheable; a key is here before it signs and until the last token that it signed has expired.',
  tags: ['Well-known'],
  security: [],
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
      }))
    }, { title: 'KeySet', description: 'The keys, public members only.' }),
    304: Type.Null({ description: 'Not modified.' })
  }
}

const jwks: FastifyPluginAsyncTypebox = async app => {
  app.get('/jwks.json', { schema }, async (request, reply) => {
    const { jwks, etag } = app.keyring.current
    reply.headers({ 'cache-control': 'public, max-age=300', etag })

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
