import fp from 'fastify-plugin'
import { Refusal } from '../../lib/errors.ts'
import { parseStrictJson } from '../../lib/formats/json.ts'
import { isSafe } from '../../lib/http/origins.ts'
import { listRefusals } from '../../lib/http/refusal-lists.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'

// UTF-8 in one spelling and the alias that many clients send, in any letter case. Blanks and tabs around the semicolon
// and further parameters are refused, because two readers of a header may understand them differently (CVE-2025-32442,
// CVE-2026-25223).
const mediaType = /^application\/json(; ?charset=("utf-8"|utf-?8))?$/i

/** The only parser of bodies: JSON in UTF-8, not compressed. plugins/http/empty-bodies.ts keeps empty ones away. */
export default fp(async function parseJson (app) {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

  app.addHook('onRoute', route => {
    if ([route.method].flat().every(isSafe)) return
    listRefusals(route, 'malformed_request', 'body_too_large', 'unsupported_media_type')
    route.onRequest = [refuseTransferCodings, ...[route.onRequest ?? []].flat()]
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parse)

  async function parse ({ headers }: FastifyRequest, body: Buffer) {
    if (!mediaType.test(headers['content-type'] ?? '') || headers['content-encoding'] !== undefined) {
      throw new Refusal('unsupported_media_type')
    }

    try {
      return parseStrictJson(decoder.decode(body))
    } catch (cause) {
      throw new Refusal('malformed_request', { cause })
    }
  }
}, { name: 'json' })

/**
 * Refuses a body that is transferred in another coding than `chunked`, before anything is done, and closes the
 * connection (RFC 9112 §6.1). Node removes the chunks alone, so what was compressed would be read as it is. The answer
 * is 415, as for a Content-Encoding; a 501, as that section has it, would look like a failure of this server.
 */
function refuseTransferCodings ({ headers }: FastifyRequest, reply: FastifyReply, done: () => void) {
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    reply.header('connection', 'close')
    throw new Refusal('unsupported_media_type')
  }
  done()
}
