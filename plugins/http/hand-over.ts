import fp from 'fastify-plugin'
import type { TokenResponse } from '../../lib/sessions/token-responses.ts'
import type { Transport } from '../../lib/sessions/refresh-tokens.ts'

/** The body of a token response whose tokens are sent as cookies. */
export type CookieTokenResponse = Pick<TokenResponse, 'user' | 'session' | 'expires_in' | 'refresh_expires_in'>

declare module 'fastify' {
  interface FastifyReply {
    /** Sends tokens by the transport of their session: in the answer's body, or as cookies. */
    handOver (tokenResponse: TokenResponse): TokenResponse | CookieTokenResponse
    /** Sends only a device token, in the answer's body or as a cookie. */
    handOverDevice <T extends { device_token: string }> (answer: T, transport: Transport): T | Omit<T, 'device_token'>
  }
}

/** How long (s) a browser keeps its device token. */
const deviceTokenSeconds = 365 * 24 * 3600

export default fp(async function handOverTokens (app) {
  app.decorateReply('handOver', function (tokenResponse) {
    if (tokenResponse.transport === 'bearer') return tokenResponse

    const { user, session, expires_in: accessSeconds, refresh_expires_in: refreshSeconds } = tokenResponse
    this.keep('access', tokenResponse.access_token, accessSeconds)
      .keep('refresh', tokenResponse.refresh_token, refreshSeconds)
      .keep('device', tokenResponse.device_token, deviceTokenSeconds)
    if (this.request.cookiesCarried.mfa !== undefined) this.forget('mfa')
    return { user, session, expires_in: accessSeconds, refresh_expires_in: refreshSeconds }
  })
  app.decorateReply('handOverDevice', function (answer, transport) {
    if (transport === 'bearer') return answer

    const { device_token: deviceToken, ...rest } = answer
    this.keep('device', deviceToken, deviceTokenSeconds)
    return rest
  })
}, { name: 'hand-over' })
