import fp from 'fastify-plugin'
import { Refusal } from '../../lib/errors.ts'
import { listRefusals } from '../../lib/http/refusal-lists.ts'

/** Entries of `rawHeaders`, a name and a value for each of 200 headers. Node silently drops those beyond 2,000. */
const rawHeadersMax = 2 * 200

/**
 * A request has exactly one Host (RFC 9112 §3.2), because a proxy and this server could choose different ones of two.
 * It has 200 headers at most.
 */
export default fp(async function requireOneHost (app) {
  app.addHook('onRoute', route => listRefusals(route, 'malformed_request'))
  app.addHook('onRequest', ({ raw: { rawHeaders, httpVersion } }, _reply, done) => {
    const hosts = rawHeaders.filter(isHost).length
    const isMissing = hosts === 0 && httpVersion === '1.1'
    if (hosts > 1 || isMissing || rawHeaders.length > rawHeadersMax) throw new Refusal('malformed_request')
    done()
  })
}, { name: 'host' })

function isHost (name: string, index: number): boolean {
  return index % 2 === 0 && name.length === 4 && name.toLowerCase() === 'host'
}
