import fp from 'fastify-plugin'
import type { preValidationAsyncHookHandler } from 'fastify'
import { Refusal } from '../../lib/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** A guard for routes that need a refresh token: refuses requests with none, or with two. */
    readonly requireRefreshToken: preValidationAsyncHookHandler
  }
}

/** A body without a token passes, because the route's schema refuses it and names the missing field. */
export default fp(async function provideRefreshTokenGuard (app) {
  app.decorate('requireRefreshToken', async request => {
    const isBare = request.body === undefined || request.body === null
    if (!request.refreshTokenIfAny && isBare) throw new Refusal('unauthenticated')
  })
}, { name: 'require-refresh-token' })
