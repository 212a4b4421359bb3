import fp from 'fastify-plugin'

interface HeadersOptions { securityHeaders: Readonly<Record<string, string>> }

/** The headers of every answer. A route whose answer may be cached or framed sets its own. */
export default fp<HeadersOptions>(async function setHeaders (app, { securityHeaders }) {
  app.addHook('onRequest', ({ id }, reply, done) => {
    reply.headers(securityHeaders).header('x-request-id', id)
    done()
  })
}, { name: 'headers' })
