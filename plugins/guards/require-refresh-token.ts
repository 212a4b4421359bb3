import fp from 'fastify-plugin'
import type { preValidationAsyncHookHandler } from 'fastify'
import { Refusal } from '../../lib/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** A guard for routes that need a refresh token: refuses requests with none, or with two. */
    readonly requireRefreshToken: preValidationAsyncHookHandler
  }
}

export default fp(async function provideRefreshTokenGuard (app) {
  app.decorate('requireRefreshToken', async request => {
    if (request.refreshTokenIfAny) return
    if (request.body === undefined || request.body === null) throw new Refusal('unauthenticated')
    if (isEmptyObject(request.body)) throw missingToken()
    // Any other body is refused by the route's schema, which names what is wrong with it.
  })
}, { name: 'require-refresh-token' })

function isEmptyObject (body: unknown): boolean {
  return typeof body === 'object' && body !== null && Object.keys(body).length === 0
}

function missingToken () {
  return new Refusal('invalid_request', {
    errors: [{ path: '/refresh_token', code: 'required', message: 'is required' }]
  })
}
