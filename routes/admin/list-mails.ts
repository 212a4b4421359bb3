import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Cursor, Limit } from '../schemas/input.ts'
import { oneOf, orNull } from '../schemas/types.ts'
import { Time } from '../schemas/user.ts'

const failures = [
  'unreachable', 'certificate', 'sign_in', 'refused', 'refused_for_good', 'bounced', 'not_configured', 'abandoned', 'other'
] as const

const QueuedMail = Type.Object({
  id: Type.Integer({ examples: [1843] }),
  kind: orNull(Type.String({ description: 'What caused it.', examples: ['registration'] })),
  state: oneOf(['waiting', 'failed'], { description: 'One that is being sent is `waiting`.' }),
  attempts: Type.Integer({ description: 'How often it has been tried.', examples: [3] }),
  attempts_max: Type.Integer({ description: 'How often it is tried at most.', examples: [11] }),
  created_at: Time,
  due_at: orNull(Type.String({ ...Time, description: 'When it is tried next; `null` if it has failed.' })),
  failed_at: orNull(Type.String({ ...Time, description: 'When it was given up; `null` if it waits.' })),
  failure: Type.Unsafe<typeof failures[number] | null>({
    type: ['string', 'null'],
    enum: [...failures, null],
    description: 'Why the last attempt failed; `null` if none has.'
  })
}, { title: 'QueuedMail', description: 'A mail that has not been sent. Its recipient is determined when it is sent.' })

const QueuedMailList = Type.Object({
  mails: Type.Array(QueuedMail),
  next_cursor: orNull(Type.String({
    description: 'Where the next page begins; null on the last one.',
    examples: ['…']
  }))
}, { title: 'QueuedMailList', description: 'A page of mails.' })

const schema = {
  operationId: 'listMails',
  tags: ['Administration'],
  summary: 'List the mails that wait or have failed',
  description: 'Needs `roles:write`. The mails that are tried next come first, or those that failed last. In pages: go on with `next_cursor`, and the same `state`, until it is `null`. Mails that were sent are not kept.',
  querystring: Type.Object({
    state: Type.Optional(oneOf(['waiting', 'failed'], { description: '`failed` when left out.' })),
    limit: Type.Optional(Limit),
    cursor: Type.Optional(Cursor)
  }, { additionalProperties: false }),
  response: { 200: QueuedMailList }
}

const listMails: FastifyPluginAsyncTypebox = async app => {
  app.get('/mails', { schema }, async ({ query: { state = 'failed', limit = '50', cursor } }) => {
    return await app.outbox.list({ state, cursor, limit: Number(limit) })
  })
}

export default listMails
