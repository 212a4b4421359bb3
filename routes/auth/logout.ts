import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Token } from '../schemas/input.ts'
import { oneOf } from '../schemas/types.ts'

const schema = {
  operationId: 'logout',
  tags: ['Session'],
  summary: 'Sign out',
  description: 'By the access token, the refresh token or both; idempotent, and without either nothing happens. `others` and `everywhere` need a live access token or the current refresh token; an expired but authentic one ends its own session only.',
  security: [{ bearer: [] }, { cookie: [] }, {}],
  body: Type.Optional(Type.Union([Type.Null(), Type.Object({
    scope: Type.Optional(oneOf(['local', 'others', 'everywhere'], {
      description: 'This session (`local`, also when left out), the others, or all.'
    })),
    refresh_token: Type.Optional(Token)
  }, { additionalProperties: false, examples: [{ scope: 'local' }] })])),
  response: {
    204: Type.Null({
      description: 'Signed out.',
      headers: {
        'Clear-Site-Data': {
          type: 'string',
          examples: ['"cache", "storage"'],
          description: 'For browsers; not with `others`, where the own session goes on.'
        }
      }
    })
  }
}

const logout: FastifyPluginAsyncTypebox = async app => {
  app.post('/logout', { schema }, async (request, reply) => {
    const { body, caller, bearerToken, cookiesCarried, refreshTokenIfAny: refreshToken } = request
    const { goesOn } = await app.accounts.logout({
      scope: body?.scope ?? 'local',
      accessToken: bearerToken ?? cookiesCarried.access,
      refreshToken
    }, caller)

    reply.code(204)
    // A session that has signed out the others goes on, so it keeps its cookies.
    if (goesOn) return
    reply.header('clear-site-data', '"cache", "storage"')
    if (cookiesCarried.access !== undefined || cookiesCarried.refresh !== undefined) reply.forget('access', 'refresh')
    if (cookiesCarried.mfa !== undefined) reply.forget('mfa')
  })
}

export default logout
