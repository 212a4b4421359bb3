import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Time } from '../schemas/user.ts'

const Count = Type.Integer({ minimum: 0 })
const Ids = (description: string) => Type.Object({
  count: Count,
  first: Type.Array(Type.Integer())
}, { description: `${description} The first 20 of them.` })

const TrailVerification = Type.Object({
  begun_at: Time,
  ended_at: Time,
  sound: Type.Boolean({ description: 'Whether nothing was wrong.', examples: [true] }),
  seals: Type.Integer({ minimum: 0, description: 'How many were read.', examples: [4300] }),
  events: Type.Integer({ minimum: 0, description: 'How many were read.', examples: [51_000] }),
  dropped: Type.Integer({ minimum: 0, description: 'Events that need not be kept any more.' }),
  unsealed: Type.Integer({ minimum: 0, description: 'Events that waited for their seal.' }),
  unchecked: Type.Integer({ minimum: 0, description: 'Events without a MAC that could be checked.' }),
  head: Type.Union([Type.Null(), Type.Object({
    seal: Type.Integer({ minimum: 1 }),
    hash: Type.String({ description: 'In hexadecimal.' })
  })], { description: 'The end of the chain; `null` if there is no seal.' }),
  has_head: Type.Union([Type.Null(), Type.Boolean()], {
    description: 'Whether the chain contained the head that was given to the command; `null` if none was.'
  }),
  altered: Ids('Events that differ from what was sealed.'),
  removed: Ids('Events that were sealed and are missing.'),
  inserted: Ids('Events that are in no seal although those of their time are there.'),
  reordered: Ids('Events that stand under another id than the one that was sealed.'),
  unsigned: Ids('Events without a valid MAC.'),
  orphaned: Ids('Events that no seal of ours covers.'),
  broken_seals: Ids('Seals that are missing or not what they should be.'),
  lost_keys: Type.Object({
    count: Count,
    first: Type.Array(Type.String({ format: 'uuid' }))
  }, { description: 'Subjects whose key is gone without an erasure. The first 20 of them.' })
}, { title: 'TrailVerification', description: 'What a verification of the audit trail has found.' })

const schema = {
  operationId: 'getTrailVerification',
  tags: ['Administration'],
  summary: 'The last verification of the audit trail',
  description: 'Needs `roles:write`. What `latchkey audit-verify --record` found when it last ran, for instance each night. Look at `ended_at`: it may be long ago. This is no proof, because somebody who can change the trail can change this as well: for proof run the command.',
  response: {
    200: Type.Object({
      verification: Type.Union([Type.Null(), TrailVerification], { description: '`null` while none has been recorded.' })
    }, { title: 'LastTrailVerification', description: 'The last verification that was recorded.' })
  }
}

const readTrailVerification: FastifyPluginAsyncTypebox = async app => {
  app.get('/trail-verification', { schema }, async () => {
    const recorded = await app.trailVerifications.last()
    if (recorded === null) return { verification: null }

    const { begunAt, endedAt, sound, summary } = recorded
    return {
      verification: { begun_at: begunAt.toISOString(), ended_at: endedAt.toISOString(), sound, ...summary }
    }
  })
}

export default readTrailVerification
