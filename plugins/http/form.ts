import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../lib/errors.ts'
import { parseForm } from '../../lib/formats/forms.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Makes the context that it is called on accept only forms, as OAuth requires. Other contexts accept only JSON. */
    readonly takeForms: (this: FastifyInstance) => void
  }
}

const mediaType = /^application\/x-www-form-urlencoded(; ?charset=("utf-8"|utf-?8))?$/i

export default fp(async function offerForms (app) {
  app.decorate('takeForms', function () {
    this.removeAllContentTypeParsers()
    this.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, parse)
  })
}, { name: 'form' })

async function parse ({ headers }: FastifyRequest, body: Buffer) {
  const isPlainForm = mediaType.test(headers['content-type'] ?? '') && headers['content-encoding'] === undefined
  if (!isPlainForm) throw new Refusal('unsupported_media_type')

  try {
    return parseForm(body.toString('latin1'))
  } catch (cause) {
    throw new Refusal('malformed_request', { cause })
  }
}
