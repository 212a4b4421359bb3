import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { oauthErrors, TokenForm } from '../schemas/oauth.ts'

const seconds = { description: 'Seconds since 1970.', examples: [1795168200] }
const id = { format: 'uuid' }

const schema = {
  operationId: 'introspect',
  tags: ['Services'],
  summary: 'Whether an access token is good',
  description: 'For services that want to know at once when a session has ended (RFC 7662); others verify tokens themselves, with the keys of `/.well-known/jwks.json`. Every token that this API would not accept is `{"active":false}` and nothing else: expired, ended, forged, of another audience, of a user who is disabled, whose vendor is suspended or who has to change the password or add a second factor, and every refresh token.',
  consumes: ['application/x-www-form-urlencoded'],
  security: [{ service: [] }],
  body: TokenForm,
  response: {
    200: Type.Object({
      active: Type.Boolean({ description: 'All there is when it is `false`.' }),
      token_type: Type.Optional(Type.Literal('Bearer')),
      iss: Type.Optional(Type.String({ examples: ['https://auth.example.com'] })),
      aud: Type.Optional(Type.String({
        description: 'For whom it was issued; compare it.',
        examples: ['https://auth.example.com']
      })),
      sub: Type.Optional(Type.String({ ...id, description: 'The id of the user.' })),
      sid: Type.Optional(Type.String({ ...id, description: 'The id of the session.' })),
      jti: Type.Optional(Type.String({ ...id, description: 'The id of the token.' })),
      iat: Type.Optional(Type.Integer(seconds)),
      exp: Type.Optional(Type.Integer(seconds)),
      auth_time: Type.Optional(Type.Integer({
        ...seconds,
        description: 'When the user was authenticated last; seconds since 1970.'
      })),
      amr: Type.Optional(Type.Array(Type.String(), { description: 'How (RFC 8176).', examples: [['pwd']] })),
      acr: Type.Optional(Type.String({
        description: 'How strongly: `urn:latchkey:acr:1fa`, `urn:latchkey:acr:2fa` or `phr`.',
        examples: ['urn:latchkey:acr:1fa']
      })),
      role: Type.Optional(Type.String({
        description: 'The role as it is now, whatever the token says.',
        examples: ['user']
      })),
      vendor_id: Type.Optional(Type.String({ ...id, description: 'Where the user has one, as it is now.' }))
    }, { title: 'Introspection', description: 'What there is to say of the token.' }),
    ...oauthErrors
  }
}

const introspect: FastifyPluginAsyncTypebox = async app => {
  app.post('/introspect', { schema, config: { errors: 'oauth' } }, async ({ body }) => {
    return await app.introspection.introspect(body.token)
  })
}

export default introspect
