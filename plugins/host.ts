import fp from 'fastify-plugin'
import { Refusal } from '../lib/errors.ts'

/** RFC 9112 §3.2: a request has one Host, neither none nor two that two readers could choose between. */
export default fp(async function requireOneHost (app) {
  app.addHook('onRequest', async ({ raw: { rawHeaders, httpVersion } }) => {
    const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length
    if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) throw new Refusal('malformed_request')
  })
}, { name: 'host' })
