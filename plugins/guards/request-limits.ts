import fp from 'fastify-plugin'
import type { FastifyRequest, onRequestHookHandler, preValidationHookHandler } from 'fastify'
import { clientNetwork } from '../../lib/http/client-address.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createRequestLimits } from '../../lib/throttling/node-limits.ts'
import { rateLimited } from '../../lib/http/rate-limit-status.ts'
import { refusing } from '../../lib/http/refusal-lists.ts'
import type { Refusing } from '../../lib/http/refusal-lists.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The general limit. Each context chooses the subject by which its requests are counted. No store is asked. */
    readonly limitRequests: {
      /** By the network of the client, before the body is read. */
      byClient: onRequestHookHandler & Refusing
      /**
       * By the session of an authentic access token, before a guard asks a store for its user; without such a token by
       * the network.
       */
      bySession: onRequestHookHandler & Refusing
      /** By the session of an authentic token, whether it has ended or not; without such a token by the network. */
      byToken: preValidationHookHandler & Refusing
    }
  }
}

type RequestLimitOptions = Config['rateLimits'] & { clock: Clock }
type Guard = onRequestHookHandler & preValidationHookHandler

export default fp<RequestLimitOptions>(async function limitRequests (app, { enabled, global: rates, clock }) {
  const limits = createRequestLimits(rates, { clock })

  app.decorate('limitRequests', {
    byClient: by(networkOf),
    bySession: by(request => accessSessionOf(request) ?? networkOf(request)),
    byToken: by(request => refreshSessionOf(request) ?? accessSessionOf(request) ?? networkOf(request))
  })

  function by (subjectOf: (request: FastifyRequest) => string): Guard & Refusing {
    return refusing<Guard>(function limitRequest (request, _reply, done) {
      if (!enabled) return done()
      const status = limits.take(subjectOf(request))
      app.rateLimitStatuses.record(request.caller, status)
      done(status.isWithin ? undefined : rateLimited(status))
    }, 'rate_limited')
  }

  function refreshSessionOf ({ refreshTokenToCount }: FastifyRequest): string | undefined {
    return refreshTokenToCount?.claims?.sessionId
  }

  function accessSessionOf ({ bearerToken, cookiesCarried }: FastifyRequest): string | undefined {
    const token = bearerToken ?? cookiesCarried.access
    return token === undefined ? undefined : app.tokens.readExpired(token)?.claims.sid
  }
}, { name: 'request-limits', dependencies: ['http', 'throttling', 'tokens'] })

function networkOf ({ caller }: FastifyRequest): string {
  return clientNetwork(caller.ip)
}
