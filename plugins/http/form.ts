import fp from 'fastify-plugin'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Refusal } from '../../lib/errors.ts'
import { parseForm } from '../../lib/formats/forms.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Makes a context of routes take forms, and nothing else: what OAuth wants. Every other one takes JSON alone. */
    readonly takeForms: (context: FastifyInstance) => void
  }
}

const mediaType = /^application\/x-www-form-urlencoded(; ?charset=("utf-8"|utf-8))?$/i

export default fp(async function offerForms (app) {
  app.decorate('takeForms', (context: FastifyInstance) => {
    context.removeAllContentTypeParsers()
    context.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, async ({ headers }: FastifyRequest, body: Buffer) => {
      if (!mediaType.test(headers['content-type'] ?? '') || headers['content-encoding'] !== undefined) throw new Refusal('unsupported_media_type')

      try {
        return parseForm(body.toString('latin1'))
      } catch (cause) {
        throw new Refusal('malformed_request', { cause })
      }
    })
  })
}, { name: 'form' })
