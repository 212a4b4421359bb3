import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

const schema = {
  operationId: 'getRelatedOrigins',
  summary: 'Where passkeys may be used',
  description: 'For browsers (WebAuthn Level 3, section 5.11). It must be reachable at https://PASSKEY_RP_ID; without an origin of another domain in PASSKEY_ORIGINS there is nothing here.',
  tags: ['Well-known'],
  security: [],
  response: {
    200: Type.Object({
      origins: Type.Array(Type.String({ examples: ['https://app.example.com'] }))
    }, { title: 'RelatedOrigins', description: 'The origins of pages.' })
  }
}

const webauthn: FastifyPluginAsyncTypebox<{ relatedOrigins: string[] }> = async (app, { relatedOrigins }) => {
  if (relatedOrigins.length > 0) app.get('/webauthn', { schema }, async () => ({ origins: relatedOrigins }))
}

export default webauthn
