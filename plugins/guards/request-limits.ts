import fp from 'fastify-plugin'
import type { FastifyRequest, onRequestHookHandler, preValidationHookHandler } from 'fastify'
import { clientNetwork } from '../../lib/http/client-address.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { tokenIn } from '../../lib/sessions/presented-token.ts'
import { createRequestLimits } from '../../lib/throttling/node-limits.ts'
import { rateLimited } from '../../lib/http/rate-limit-status.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The general limit, for each context by what is known of who asks; no store is asked. */
    readonly limitRequests: {
      /** By the network of the client, before the body is read. */
      byClient: onRequestHookHandler
      /** By the session that a guard has proved before. */
      bySession: onRequestHookHandler
      /** By the session that an authentic token is of, alive or not; else by the network. */
      byToken: preValidationHookHandler
    }
  }
}

export default fp<Config['rateLimits'] & { clock: Clock }>(async function limitRequests (app, { enabled, global: rates, clock }) {
  const limits = createRequestLimits(rates, { clock })
  const by = (subjectOf: (request: FastifyRequest) => string): onRequestHookHandler & preValidationHookHandler => (request, _reply, done) => {
    if (!enabled) return done()
    const status = limits.take(subjectOf(request))
    app.rateLimitStatuses.record(request.caller, status)
    done(status.isWithin ? undefined : rateLimited(status))
  }
  const network = ({ caller }: FastifyRequest) => clientNetwork(caller.ip)
  const holder = ({ cookiesCarried, bearerToken, body }: FastifyRequest) => {
    const refreshToken = cookiesCarried.refresh ?? tokenIn(body)
    const accessToken = bearerToken ?? cookiesCarried.access
    return (refreshToken && app.sessions.read(refreshToken)?.sessionId) || (accessToken && app.tokens.readExpired(accessToken)?.claims.sid)
  }

  app.decorate('limitRequests', {
    byClient: by(network),
    bySession: by(({ principal }) => principal.sessionId),
    byToken: by(request => holder(request) || network(request))
  })
}, { name: 'request-limits', dependencies: ['http', 'throttling', 'tokens', 'access', 'sessions'] })
