import fp from 'fastify-plugin'
import { writeHeadWith } from '../../lib/http/server/write-head.ts'

interface HeadersOptions { securityHeaders: Readonly<Record<string, string>> }

/** The headers of every answer. A route whose answer may be cached or framed sets its own. */
export default fp<HeadersOptions>(async function setHeaders (app, { securityHeaders }) {
  const writeHead = writeHeadWith(securityHeaders)

  app.addHook('onRequest', ({ id }, reply, done) => {
    reply.raw.writeHead = writeHead
    reply.header('x-request-id', id)
    done()
  })
}, { name: 'headers' })
