import fp from 'fastify-plugin'
import type { preValidationAsyncHookHandler } from 'fastify'
import { Refusal } from '../../lib/errors.ts'
import { refusing } from '../../lib/http/refusal-lists.ts'
import type { Refusing } from '../../lib/http/refusal-lists.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** A guard for routes that need a refresh token: refuses requests with none, or with two. */
    readonly requireRefreshToken: preValidationAsyncHookHandler & Refusing
  }
}

export default fp(async function provideRefreshTokenGuard (app) {
  app.decorate('requireRefreshToken', refusing<preValidationAsyncHookHandler>(async request => {
    if (request.refreshTokenIfAny) return
    if (request.body === undefined || request.body === null) throw new Refusal('unauthenticated')
    if (isEmptyObject(request.body)) throw missingToken()
    // Any other body is refused by the route's schema, which names what is wrong with it.
  }, 'unauthenticated', 'invalid_request'))
}, { name: 'require-refresh-token' })

function isEmptyObject (body: unknown): boolean {
  return typeof body === 'object' && body !== null && Object.keys(body).length === 0
}

function missingToken () {
  return new Refusal('invalid_request', {
    errors: [{ path: '/refresh_token', code: 'required', message: 'is required' }]
  })
}
