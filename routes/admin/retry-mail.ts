import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoBody } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'

const schema = {
  operationId: 'retryMail',
  tags: ['Administration'],
  summary: 'Send a mail again that has failed',
  description: 'Needs `roles:write`, and stands in the audit trail (`mail_retried`). It is tried as if for the first time. If its link or code has expired or been used meanwhile, there is nothing to send, and the mail is gone. One that has not failed is refused: `mail_not_failed`.',
  params: Type.Object({
    id: Type.String({ pattern: '^[1-9][0-9]{0,14}$', description: 'Of the mail.', examples: ['1843'] })
  }, { additionalProperties: false }),
  body: NoBody,
  refusals: codes('mail_not_failed'),
  response: { 204: Type.Null({ description: 'It is sent soon.' }) }
}

const retryMail: FastifyPluginAsyncTypebox = async app => {
  app.post('/mails/:id/retry', { schema }, async ({ params: { id }, principal, caller }, reply) => {
    await app.outbox.retry(Number(id), { principal, caller })
    reply.code(204)
  })
}

export default retryMail
