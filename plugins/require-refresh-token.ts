import fp from 'fastify-plugin'
import type { preValidationAsyncHookHandler } from 'fastify'
import { Refusal } from '../lib/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** A guard for routes that prove a session by its refresh token: without one there is nobody to speak of. */
    readonly requireRefreshToken: preValidationAsyncHookHandler
  }
}

export default fp(async function provideRefreshTokenGuard (app) {
  app.decorate('requireRefreshToken', async ({ body }) => {
    if (body === undefined || body === null) throw new Refusal('unauthenticated')
  })
}, { name: 'require-refresh-token' })
