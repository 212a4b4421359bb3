import fp from 'fastify-plugin'
import { Refusal } from '../../lib/errors.ts'
import { createPathMethods } from '../../lib/http/path-methods.ts'

/**
 * Refuses requests without a route before their body is read: 405 with Allow if the path has other methods, else 404.
 * A route that finds nothing, as that of the documentation's files, is answered alike.
 */
export default fp(async function refuseUnknownRoutes (app) {
  const paths = createPathMethods()

  app.setNotFoundHandler(() => { throw new Refusal('not_found') })
  app.addHook('onRoute', ({ url, method }) => paths.add(url, [method].flat()))
  app.addHook('onRequest', ({ is404, routeOptions, url }, _reply, done) => {
    // `*` is the route of preflights. If this was a preflight, plugins/http/cors.ts has answered it already.
    if (!is404 && routeOptions.url !== '*') return done()
    const allow = paths.allowed(url)
    throw allow.length > 0 ? new Refusal('method_not_allowed', { allow }) : new Refusal('not_found')
  })
}, { name: 'methods' })
