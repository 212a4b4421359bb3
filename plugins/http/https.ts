import fp from 'fastify-plugin'
import { Refusal } from '../../lib/errors.ts'
import { isProbe } from '../../lib/operations/logger.ts'
import type { Config } from '../../lib/config/config.ts'

/**
 * Refuses what reached the proxy over plain http, instead of redirecting: a secret has been sent by then (ASVS 4.1.2).
 * The word of the nearest proxy counts, whoever it is: a lie can only refuse the liar.
 */
export default fp<Pick<Config['http'], 'production'>>(async function requireHttps (app, { production }) {
  if (!production) return

  app.addHook('onRequest', ({ headers, url }, _reply, done) => {
    const forwarded = headers['x-forwarded-proto']
    if (forwarded !== undefined && !isProbe(url) && !/(^|[, ])https$/i.test(forwarded.toString())) {
      throw new Refusal('https_required')
    }
    done()
  })
}, { name: 'https' })
