import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

const schema = {
  operationId: 'getSecurityTxt',
  summary: 'Whom to tell about a vulnerability',
  description: 'RFC 9116, with the SECURITY_CONTACT of the settings; without one there is nothing here.',
  tags: ['Well-known'],
  security: [],
  response: {
    200: Type.Unsafe<string>({ description: 'security.txt', content: { 'text/plain': { schema: Type.String() } } })
  }
}

const dayMs = 86_400_000
/** How far ahead the file expires. RFC 9116 §2.5.5 recommends less than a year. */
const lifetimeDays = 180

interface SecurityTxtOptions { issuer: string, securityContact: string | null }

const securityTxt: FastifyPluginAsyncTypebox<SecurityTxtOptions> = async (app, { issuer, securityContact }) => {
  if (securityContact === null) return

  app.get('/security.txt', { schema }, async (_request, reply) => {
    // Moves forward each day, so that the file does not expire while the server runs.
    const expires = new Date((Math.floor(Date.now() / dayMs) + lifetimeDays) * dayMs).toISOString()

    reply.type('text/plain; charset=utf-8')
    return [
      `Contact: ${securityContact}`,
      `Expires: ${expires}`,
      'Preferred-Languages: en',
      `Canonical: ${issuer}/.well-known/security.txt`,
      ''
    ].join('\n')
  })
}

export default securityTxt
