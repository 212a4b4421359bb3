import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest, RequestEnd } from 'fastify'
import { logCutOff } from '../../lib/operations/request-log.ts'

declare module 'fastify' {
  /** Is called once for each request, with the status of the answer; 499 if the connection was closed before. */
  type RequestEnd = (request: FastifyRequest, reply: FastifyReply, status: number) => void
  interface FastifyRequest {
    /** Whether its end has been told. */
    isOver: boolean
  }
}

export interface RequestEndsOptions {
  /** Further ones may be added until the first request. */
  ends: RequestEnd[]
}

/** The status of a request whose client has closed the connection before the answer, as in nginx. Nobody gets it. */
const clientClosedStatus = 499

/**
 * Tells when a request has been answered, and when nobody can be answered any more. The framework's own hook runs only
 * when an answer has been sent, and its log has a line only then. A client that hangs up before (or whose time was up)
 * would leave no trace of what it had begun. An answer that was cut off on its way has the status that was sent: a
 * stream that follows always ends so.
 */
export default fp<RequestEndsOptions>(async function watchRequestEnds (app, { ends }) {
  app.decorateRequest('isOver', false)
  app.addHook('onRequest', (request, reply, done) => {
    // A closed socket does not know any more whose it was.
    const { method, url, ip, headers } = request
    reply.raw.once('close', () => {
      if (reply.raw.writableFinished || request.isOver) return
      const status = reply.raw.headersSent ? reply.statusCode : clientClosedStatus
      logCutOff({ method, url, ip, headers }, reply, status)
      tell(request, reply, status)
    })
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    if (!request.isOver) tell(request, reply, reply.statusCode)
    done()
  })

  function tell (request: FastifyRequest, reply: FastifyReply, status: number) {
    request.isOver = true
    for (const end of ends) end(request, reply, status)
  }
}, { name: 'request-ends' })
