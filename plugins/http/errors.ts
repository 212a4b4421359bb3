import fp from 'fastify-plugin'
import { oauthError } from '../../lib/oauth/oauth-error.ts'
import { problemHeaders, renderProblem } from '../../lib/http/problem.ts'
import { problemSchema } from '../../lib/http/problem-schema.ts'
import { toRefusal } from '../../lib/http/refusals.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A route of OAuth is refused in OAuth's words (RFC 6749), every other one in RFC 9457's. */
    errors?: 'oauth'
  }
}

/** The one place where refusals become JSON: problem+json (RFC 9457), save on routes of OAuth. What is unexpected is logged and not told. */
export default fp(async function answerErrors (app) {
  app.addSchema(problemSchema)
  app.setErrorHandler((error, request, reply) => {
    const refusal = toRefusal(error)
    const { code, status, cause, details: { reason } } = refusal

    if (status === 500) request.log.error({ err: error }, 'unexpected error')
    else if (status === 503) request.log.warn({ err: cause, refusal: code }, 'refused')
    else request.log[[401, 403, 429].includes(status) ? 'info' : 'debug']({ refusal: code, reason }, 'refused')

    if (request.routeOptions.config.errors === 'oauth') {
      const { status, headers, body } = oauthError(refusal)
      return reply.code(status).headers(headers).send(JSON.stringify(body))
    }

    // Serialized here: the schema of a route's answer has no say in how a refusal looks.
    return reply.code(status)
      .headers(problemHeaders(refusal))
      .send(JSON.stringify(renderProblem(refusal, request.id)))
  })
}, { name: 'errors' })
