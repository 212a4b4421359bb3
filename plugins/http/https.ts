import fp from 'fastify-plugin'
import { Refusal } from '../../lib/errors.ts'
import { listRefusals } from '../../lib/http/refusal-lists.ts'
import { isProbe } from '../../lib/operations/logger.ts'
import type { Config } from '../../lib/config/config.ts'

/**
 * Refuses requests that reached the proxy over plain http, instead of redirecting them: a secret has been sent by then
 * (ASVS 4.1.2). X-Forwarded-Proto is believed from any sender, because a false value can only have the sender's own
 * request refused.
 */
export default fp<Pick<Config['http'], 'isExposed'>>(async function requireHttps (app, { isExposed }) {
  app.addHook('onRoute', route => { if (!isProbe(route.url)) listRefusals(route, 'https_required') })
  if (!isExposed) return

  app.addHook('onRequest', ({ headers, url }, _reply, done) => {
    const forwarded = headers['x-forwarded-proto']
    if (forwarded !== undefined && !isProbe(url) && !/(^|[, ])https$/i.test(forwarded.toString())) {
      throw new Refusal('https_required')
    }
    done()
  })
}, { name: 'https' })
