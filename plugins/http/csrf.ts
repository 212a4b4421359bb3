import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import type { Config } from '../../lib/config/config.ts'
import { Refusal } from '../../lib/errors.ts'
import { createOrigins, isSafe } from '../../lib/http/origins.ts'
import { listRefusals } from '../../lib/http/refusal-lists.ts'

export type CsrfOptions = Pick<Config['browser'], 'allowedOrigins'> & Pick<Config['http'], 'issuer'>

/**
 * Refuses requests that another site makes a browser send: logins, refreshes and logouts included, with a body or
 * without.
 */
export default fp<CsrfOptions>(async function refuseForeignOrigins (app, options) {
  const { mayAct } = createOrigins(options)

  app.addHook('onRoute', route => { if (![route.method].flat().every(isSafe)) listRefusals(route, 'csrf') })

  app.addHook('onRequest', (request, _reply, done) => {
    judge(request, Object.keys(request.cookiesCarried).length > 0)
    done()
  })
  // A request that asks for cookies is judged as if it carried them (login CSRF).
  app.addHook('preValidation', (request, _reply, done) => {
    if (asksForCookies(request.body)) judge(request, true)
    done()
  })

  function judge ({ method, headers }: FastifyRequest, hasCookies: boolean) {
    const { origin, 'sec-fetch-site': fetchSite } = headers
    if (!mayAct({ method, origin, fetchSite: String(fetchSite) }, hasCookies)) throw new Refusal('csrf')
  }
}, { name: 'csrf' })

function asksForCookies (body: unknown) {
  return typeof body === 'object' && body !== null && 'transport' in body && body.transport === 'cookie'
}
