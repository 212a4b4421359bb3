import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { AuditTrail } from '../../lib/audit/trail.ts'
import { Cursor } from '../schemas/input.ts'
import { oneOf, orNull } from '../schemas/types.ts'
import { Id, Time } from '../schemas/user.ts'

const idOrNull = orNull(Type.String({ format: 'uuid', examples: [null] }))

const AuditEvent = Type.Object({
  id: Type.Integer({ description: 'Later events have higher ids, save for what happened at once.', examples: [1843] }),
  at: Time,
  event: Type.String({ examples: ['authn_login_success'] }),
  outcome: oneOf(['success', 'failure']),
  reason: orNull(Type.String({ examples: [null] })),
  actor_id: idOrNull,
  subject_id: idOrNull,
  session_id: idOrNull,
  request_id: orNull(Type.String({ description: 'The `X-Request-Id` of the answer.' })),
  personal: Type.Unsafe<Record<string, unknown> | null>({
    type: ['object', 'null'],
    additionalProperties: true,
    description: 'From where (`ip`, `user_agent`), and what was changed (`before`, `after`); `null` once the subject has been erased.'
  })
}, { title: 'AuditEvent' })

const AuditEventList = Type.Object({
  events: Type.Array(AuditEvent),
  next_cursor: orNull(Type.String({
    description: 'Where the next page begins; null on the last one.',
    examples: ['…']
  }))
}, { title: 'AuditEventList' })

type Answer = Awaited<ReturnType<AuditTrail['list'] | AuditTrail['stream']>>

const schema = {
  operationId: 'listAuditEvents',
  tags: ['Administration'],
  summary: 'Read the audit trail',
  description: 'Needs `audit:read`. Each reading is recorded in the trail, too. As JSON in pages of a hundred, the latest first: go on with `next_cursor`, and the same filters, until it is `null`. With `format` all of it at once, the earliest first, as lines of JSON or as CSV whose first line names the columns; an answer that breaks off is incomplete. In CSV a cell that a spreadsheet would take for a formula begins with an apostrophe.',
  querystring: Type.Object({
    actor: Type.Optional(Type.String({ ...Id, description: 'Who did it.' })),
    subject: Type.Optional(Type.String({ ...Id, description: 'To whom.' })),
    event: Type.Optional(Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: '^[a-z][a-z0-9_]*$',
      description: 'What happened.',
      examples: ['authn_login_fail']
    })),
    from: Type.Optional(Type.String({ ...Time, description: 'From this time on. A leap second is refused.' })),
    to: Type.Optional(Type.String({ ...Time, description: 'Before this time.' })),
    cursor: Type.Optional(Cursor),
    format: Type.Optional(oneOf(['json', 'ndjson', 'csv'], {
      description: '`json` when left out. With the others a `cursor` is refused.'
    }))
  }, { additionalProperties: false }),
  response: {
    200: Type.Unsafe<Answer>({
      description: 'Events of the trail.',
      content: {
        'application/json': { schema: AuditEventList },
        'application/x-ndjson': { schema: { type: 'string', description: 'An event a line.' } },
        'text/csv': { schema: { type: 'string', description: 'An event a line; `personal` is JSON.' } }
      }
    })
  }
}

const types = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8' }

const listAuditEvents: FastifyPluginAsyncTypebox = async app => {
  app.get('/audit-events', { schema }, async ({ query, principal: { userId, sessionId }, caller }, reply) => {
    const { actor, subject, event, from, to, cursor, format = 'json' } = query
    const filter = {
      actorId: actor ?? null,
      subjectId: subject ?? null,
      event: event ?? null,
      from: timeOf(from),
      to: timeOf(to)
    }
    const reader = { userId, sessionId, caller }
    if (format === 'json') return await app.auditTrail.list(filter, cursor, reader)

    const text = await app.auditTrail.stream(filter, format, cursor, reader)
    reply.type(types[format]).header('content-disposition', `attachment; filename="audit-events.${format}"`)
    return text
  })
}

export default listAuditEvents

function timeOf (text: string | undefined): Date | null {
  return text === undefined ? null : new Date(text)
}
