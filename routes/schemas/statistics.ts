import { Type } from '@sinclair/typebox'
import { Time } from './user.ts'

const Counts = (description: string, example: Record<string, number>) => Type.Record(Type.String(), Type.Integer(), {
  description,
  examples: [example]
})
const Day = Type.String({ format: 'date', description: 'A day of UTC.', examples: ['2026-11-20'] })
const Count = Type.Integer({ minimum: 0 })

/** The figures of a dashboard. */
export const StatisticsAnswer = Type.Object({
  users: Type.Object({
    total: Count,
    by_role: Counts('By the name of the role.', { user: 41, admin: 1 }),
    by_status: Counts('`active`, `disabled`.', { active: 42 }),
    by_approval: Counts('`not_required`, `pending`, `approved`, `rejected`.', { not_required: 42 })
  }),
  registrations: Type.Array(Type.Object({ day: Day, count: Count }), {
    description: 'Accounts made on each of the last 30 days, today last.'
  }),
  sign_ins: Type.Array(Type.Object({ day: Day, succeeded: Count, failed: Count }), {
    description: 'On each of the last 30 days, today last.'
  }),
  failure_rate: Type.Number({
    minimum: 0,
    maximum: 1,
    description: 'Of the sign-ins of these days, the part that failed.'
  }),
  refusals: Type.Array(Type.Object({
    event: Type.String({ examples: ['authn_login_fail'] }),
    reason: Type.Union([Type.String(), Type.Null()], { examples: ['invalid_credentials'] }),
    count: Count
  }), { description: 'What was refused most often in these days, as the audit trail names it; ten at most.' }),
  sessions: Type.Object({
    total: Count,
    by_transport: Type.Object({ bearer: Count, cookie: Count }),
    counted_at: Type.String({
      ...Time,
      description: 'Now, or where there are very many the last count, some minutes ago.'
    })
  }, { description: 'The living ones.' })
}, { title: 'Statistics', description: 'Figures for a dashboard.' })
