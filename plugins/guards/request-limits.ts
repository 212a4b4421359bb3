import fp from 'fastify-plugin'
import type { FastifyRequest, onRequestHookHandler, preValidationHookHandler } from 'fastify'
import { clientNetwork } from '../../lib/http/client-address.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createRequestLimits } from '../../lib/throttling/node-limits.ts'
import { rateLimited } from '../../lib/http/rate-limit-status.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The general limit. Each context chooses the subject by which its requests are counted. No store is asked. */
    readonly limitRequests: {
      /** By the network of the client, before the body is read. */
      byClient: onRequestHookHandler
      /** By the session that a guard before it has authenticated. */
      bySession: onRequestHookHandler
      /** By the session of an authentic token, whether it has ended or not; without such a token by the network. */
      byToken: preValidationHookHandler
    }
  }
}

type RequestLimitOptions = Config['rateLimits'] & { clock: Clock }
type Guard = onRequestHookHandler & preValidationHookHandler

export default fp<RequestLimitOptions>(async function limitRequests (app, { enabled, global: rates, clock }) {
  const limits = createRequestLimits(rates, { clock })

  app.decorate('limitRequests', {
    byClient: by(networkOf),
    bySession: by(({ principal }) => principal.sessionId),
    byToken: by(request => sessionOf(request) ?? networkOf(request))
  })

  function by (subjectOf: (request: FastifyRequest) => string): Guard {
    return function limitRequest (request, _reply, done) {
      if (!enabled) return done()
      const status = limits.take(subjectOf(request))
      app.rateLimitStatuses.record(request.caller, status)
      done(status.isWithin ? undefined : rateLimited(status))
    }
  }

  function sessionOf ({ refreshTokenToCount, bearerToken, cookiesCarried }: FastifyRequest): string | undefined {
    const accessToken = bearerToken ?? cookiesCarried.access
    return refreshTokenToCount?.claims?.sessionId ??
      (accessToken ? app.tokens.readExpired(accessToken)?.claims.sid : undefined)
  }
}, { name: 'request-limits', dependencies: ['http', 'throttling', 'tokens', 'access'] })

function networkOf ({ caller }: FastifyRequest): string {
  return clientNetwork(caller.ip)
}
