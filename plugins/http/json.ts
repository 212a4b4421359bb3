import fp from 'fastify-plugin'
import { Refusal } from '../../lib/errors.ts'
import { parseStrictJson } from '../../lib/formats/json.ts'
import { isSafe } from '../../lib/http/origins.ts'
import { listRefusals } from '../../lib/http/refusal-lists.ts'
import type { FastifyRequest } from 'fastify'

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
