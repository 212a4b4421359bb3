import fp from 'fastify-plugin'
import { findPresentedToken, presentedToken } from '../../lib/sessions/presented-token.ts'
import type { PresentedToken } from '../../lib/sessions/presented-token.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Throws where there is none, or two. */
    readonly refreshToken: PresentedToken
    /** Throws where there are two. */
    readonly refreshTokenIfAny: PresentedToken | undefined
  }
}

export default fp(async function readRefreshTokens (app) {
  app.decorateRequest('refreshToken', { getter () { return presentedToken(this.cookiesCarried, this.body) } })
  app.decorateRequest('refreshTokenIfAny', { getter () { return findPresentedToken(this.cookiesCarried, this.body) } })
}, { name: 'refresh-token' })
