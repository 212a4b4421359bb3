import fp from 'fastify-plugin'
import { oauthError } from '../../lib/oauth/oauth-error.ts'
import { problemHeaders, renderProblem } from '../../lib/http/problem.ts'
import { problemSchema } from '../../lib/http/problem-schema.ts'
import type { RefusalCode } from '../../lib/errors.ts'
import { listRefusals } from '../../lib/http/refusal-lists.ts'
import { refusalsOfInput, toRefusal } from '../../lib/http/refusals.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `oauth`: refusals of the route have the form of RFC 6749. Without it they have the form of RFC 9457. */
    errors?: 'oauth'
  }
  interface FastifySchema {
    /**
     * The codes with which the operation may refuse. A route lists those of its own work. Hooks and guards add theirs
     * to it, so the schema of a registered route has all of them.
     */
    refusals?: readonly RefusalCode[]
  }
}

/**
 * The one place where refusals become JSON: problem+json (RFC 9457), except on routes of OAuth. The cause of an
 * unexpected error is logged and not sent.
 */
export default fp(async function answerErrors (app) {
  app.addSchema(problemSchema)
  app.addHook('onRoute', route => listRefusals(route, ...refusalsOfInput(route.schema), 'internal_error'))
  app.setErrorHandler((error, request, reply) => {
    const refusal = toRefusal(error)
    const { code, status, details: { reason, pending, endsPending } } = refusal

    if (status === 500) request.log.error({ err: error }, 'unexpected error')
    else if (status === 503) request.log.warn({ err: refusal, refusal: code }, 'refused')
    else request.log[[401, 403, 429].includes(status) ? 'info' : 'debug']({ refusal: code, reason }, 'refused')

    if (request.routeOptions.config.errors === 'oauth') {
      const { status, headers, body } = oauthError(refusal)
      return reply.code(status).headers(headers).send(JSON.stringify(body))
    }

    if (pending?.transport === 'cookie') reply.keep('mfa', pending.token, pending.expiresIn)
    if (endsPending && request.cookiesCarried.mfa !== undefined) reply.forget('mfa')

    // Serialized here, because the schema of a route's answer must not change the form of a refusal.
    return reply.code(status)
      .headers(problemHeaders(refusal))
      .send(JSON.stringify(renderProblem(refusal, request.id)))
  })
}, { name: 'errors' })
