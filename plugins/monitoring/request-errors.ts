import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import { toRefusal } from '../../lib/http/refusals.ts'
import type { ErrorPlace } from '../../lib/operations/error-event.ts'
import { textsIn } from '../../lib/operations/scrub.ts'

/** The status that an error is answered with if nobody has expected it. */
const unexpectedStatus = 500

/** Reports the errors behind 500. Refusals are no errors, and a store that does not answer is an outage. */
export default fp(async function reportRequestErrors (app) {
  if (!app.errorReports.isOn) return

  app.addHook('onError', async (request, _reply, error) => {
    if (toRefusal(error).status === unexpectedStatus) app.errorReports.report(error, placeOf(request))
  })
}, { name: 'request-errors' })

function placeOf (request: FastifyRequest): ErrorPlace {
  const { method, is404, routeOptions: { url = '' }, id, trace } = request
  return {
    where: `${method} ${is404 ? '' : url}`.trim(),
    requestId: id,
    traceId: trace?.ids['trace_id'],
    spanId: trace?.ids['span_id'],
    sent: sentBy(request)
  }
}

/** All values that the client has sent. */
function sentBy ({ body, params, query, headers }: FastifyRequest): Set<string> {
  const credentials = [headers.authorization, headers.cookie].flatMap(header => header?.split(/[\s;=,]+/) ?? [])
  return textsIn([body, params, query, headers, credentials])
}
