import fp from 'fastify-plugin'
import type { preValidationAsyncHookHandler } from 'fastify'
import { presentedToken } from '../../lib/sessions/presented-token.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** A guard for routes that prove a session by its refresh token: without one there is nobody to speak of. */
    readonly requireRefreshToken: preValidationAsyncHookHandler
  }
}

/** A body without a token is left to the route's schema, which can say what is wrong with it. */
export default fp(async function provideRefreshTokenGuard (app) {
  app.decorate('requireRefreshToken', async ({ cookiesCarried, body }) => {
    const isBare = body === undefined || body === null
    if (isBare || cookiesCarried.refresh !== undefined) presentedToken(cookiesCarried, body)
  })
}, { name: 'require-refresh-token', dependencies: ['http'] })
