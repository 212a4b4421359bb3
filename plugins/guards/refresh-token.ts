import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import { findCarriedToken, theOnly, theRequired } from '../../lib/sessions/presented-token.ts'
import type { PresentedToken } from '../../lib/sessions/presented-token.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * The refresh token of the request.
     * @throws Refusal if there is none, or if there are two
     */
    readonly refreshToken: PresentedToken
    /** The refresh token of the request; undefined if there is none. */
    readonly refreshTokenIfAny: PresentedToken | undefined
    /** The refresh token by which the request is counted: of two, that of the cookie. */
    readonly refreshTokenToCount: PresentedToken | undefined
    /** Keeps the token after it has been found and verified once: null before, undefined if there is none. */
    foundToken: FoundToken | undefined | null
  }
}

type FoundToken = PresentedToken & { isAmbiguous: boolean }

/** The refresh token of a request, found and verified once. Read it from preValidation on: it may be in the body. */
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
