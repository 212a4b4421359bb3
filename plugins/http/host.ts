import fp from 'fastify-plugin'
import { Refusal } from '../../lib/errors.ts'

/** Names and values of a request; Node drops what is beyond 2,000 headers without a word, so that is not for us to read. */
const most = 2 * 200

/** RFC 9112 §3.2: a request has one Host, neither none nor two that two readers could choose between; and no end of headers. */
export default fp(async function requireOneHost (app) {
  app.addHook('onRequest', ({ raw: { rawHeaders, httpVersion } }, _reply, done) => {
    const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.length === 4 && name.toLowerCase() === 'host').length
    if (hosts > 1 || (hosts === 0 && httpVersion === '1.1') || rawHeaders.length > most) throw new Refusal('malformed_request')
    done()
  })
}, { name: 'host' })
