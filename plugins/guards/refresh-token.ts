import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import { findCarriedToken, theOnly, theRequired } from '../../lib/sessions/presented-token.ts'
import type { PresentedToken } from '../../lib/sessions/presented-token.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The refresh token of the request; reading it throws where there is none, or two. */
    readonly refreshToken: PresentedToken
    /** The same, undefined where there is none. */
    readonly refreshTokenIfAny: PresentedToken | undefined
    /** The same for counting: of two, that of the cookie. */
    readonly refreshTokenToCount: PresentedToken | undefined
    /** What has been found and verified: null before somebody has asked, undefined where there is none. */
    foundToken: FoundToken | undefined | null
  }
}

type FoundToken = PresentedToken & { isAmbiguous: boolean }

/** The refresh token of a request, found and verified once. To be read from preValidation on: it may be in the body. */
export default fp(async function readRefreshTokens (app) {
  app.decorateRequest('foundToken', null)
  app.decorateRequest('refreshTokenToCount', { getter () { return tokenOf(this) } })
  app.decorateRequest('refreshTokenIfAny', { getter () { return theOnly(tokenOf(this)) } })
  app.decorateRequest('refreshToken', { getter () { return theRequired(tokenOf(this)) } })

  function tokenOf (request: FastifyRequest): FoundToken | undefined {
    if (request.foundToken === null) request.foundToken = find(request)
    return request.foundToken
  }

  function find ({ cookiesCarried, body }: FastifyRequest): FoundToken | undefined {
    const carried = findCarriedToken(cookiesCarried, body)
    if (!carried) return undefined

    const { token, transport, isAmbiguous } = carried
    return { transport, claims: app.sessions.read(token), isAmbiguous }
  }
}, { name: 'refresh-token', dependencies: ['http', 'sessions'] })
