import fp from 'fastify-plugin'
import type { preValidationAsyncHookHandler } from 'fastify'
import { Refusal } from '../../lib/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** A guard for routes that prove a session by its refresh token: refuses requests that carry none, or two. */
    readonly requireRefreshToken: preValidationAsyncHookHandler
  }
}

/** A body without a token is left to the route's schema, which can say what is wrong with it. */
export default fp(async function provideRefreshTokenGuard (app) {
  app.decorate('requireRefreshToken', async request => {
    const isBare = request.body === undefined || request.body === null
    if (!request.refreshTokenIfAny && isBare) throw new Refusal('unauthenticated')
  })
}, { name: 'require-refresh-token' })
