import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { problems } from '../schemas/problem.ts'

const schema = {
  operationId: 'getSecurityTxt',
  summary: 'Whom to tell about a vulnerability',
  description: 'RFC 9116, with the SECURITY_CONTACT of the settings; without one there is nothing here.',
  tags: ['Well-known'],
  security: [],
  response: {
    200: Type.Unsafe<string>({ description: 'security.txt', content: { 'text/plain': { schema: Type.String() } } }),
    ...problems(403)
  }
}

const day = 86_400_000

const securityTxt: FastifyPluginAsyncTypebox<{ issuer: string, securityContact: string | null }> = async (app, { issuer, securityContact }) => {
  if (securityContact === null) return

  app.get('/security.txt', { schema }, async (_request, reply) => {
    // RFC 9116 §2.5.5: less than a year ahead. It moves on by itself while somebody runs this.
    const expires = new Date((Math.floor(Date.now() / day) + 180) * day).toISOString()

    reply.type('text/plain; charset=utf-8')
    return `Contact: ${securityContact}\nExpires: ${expires}\nPreferred-Languages: en\nCanonical: ${issuer}/.well-known/security.txt\n`
  })
}

export default securityTxt
