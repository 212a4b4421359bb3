import fp from 'fastify-plugin'
import { problemHeaders, renderProblem } from '../lib/problem.ts'
import { problemSchema } from '../lib/problem-schema.ts'
import { toRefusal } from '../lib/refuse.ts'

/** The one place where refusals become problem+json (RFC 9457). What is unexpected is logged and not told. */
export default fp(async function answerErrors (app) {
  app.addSchema(problemSchema)
  app.setErrorHandler((error, request, reply) => {
    const refusal = toRefusal(error)
    const { code, status, cause, details: { reason } } = refusal

    if (status === 500) request.log.error({ err: error }, 'unexpected error')
    else if (status === 503) request.log.warn({ err: cause, refusal: code }, 'refused')
    else request.log[[401, 403, 429].includes(status) ? 'info' : 'debug']({ refusal: code, reason }, 'refused')

    // Serialized here: the schema of a route's answer has no say in how a refusal looks.
    return reply.code(status)
      .headers(problemHeaders(refusal))
      .send(JSON.stringify(renderProblem(refusal, request.id)))
  })
}, { name: 'errors' })
