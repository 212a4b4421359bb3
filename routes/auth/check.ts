import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { codes } from '../schemas/refusals.ts'
import { oneOf } from '../schemas/types.ts'

const schema = {
  operationId: 'check',
  tags: ['Session'],
  summary: 'Whether a request is signed in',
  description: 'For a reverse proxy’s forward authentication (nginx `auth_request`, Traefik, Caddy). No store is asked. With `acr` or `max_age` a sign-in that is too weak or too old is 401 `reauthentication_required`, whose `WWW-Authenticate` tells a client what to prove (RFC 9470).',
  querystring: Type.Object({
    acr: Type.Optional(oneOf(['1fa', '2fa', 'phr'], { description: 'The least strength of the sign-in: one factor, two, or one that resists phishing.' })),
    max_age: Type.Optional(Type.String({
      pattern: '^[0-9]{1,9}$',
      description: 'The most seconds since the user was authenticated.',
      examples: ['600']
    }))
  }, { additionalProperties: false }),
  response: {
    204: Type.Null({
      description: 'It is, and the headers tell whose it is.',
      headers: {
        'X-Auth-User': { type: 'string', format: 'uuid', description: 'The id of the user.' },
        'X-Auth-Role': { type: 'string', description: 'The role as it is now.', examples: ['user'] },
        'X-Auth-Session': { type: 'string', format: 'uuid', description: 'The id of the session.' },
        'X-Auth-Acr': { type: 'string', description: 'How strongly the user was authenticated.', examples: ['phr'] },
        'X-Auth-Time': { type: 'string', description: 'When: seconds since 1970.', examples: ['1795771800'] }
      }
    })
  },
  refusals: codes('reauthentication_required')
}

/** The values of the parameter `acr`, which is short because it stands in the files of proxies. */
const acrOf = { '1fa': 'urn:latchkey:acr:1fa', '2fa': 'urn:latchkey:acr:2fa', phr: 'phr' } as const

const check: FastifyPluginAsyncTypebox = async app => {
  // The proxy that asks logs the original request, so a line of ours for each would say nothing new.
  app.get('/check', { schema, logLevel: 'warn' }, async ({ principal, query }, reply) => {
    const { acr, max_age: maxAge } = query
    app.assertSteppedUp(principal, {
      ...(acr !== undefined && { acr: acrOf[acr] }),
      ...(maxAge !== undefined && { maxAge: Number(maxAge) })
    })
    reply.code(204).headers({
      'x-auth-user': principal.userId,
      'x-auth-role': principal.role,
      'x-auth-session': principal.sessionId,
      'x-auth-acr': principal.acr,
      'x-auth-time': String(principal.authTime)
    })
  })
}

export default check
