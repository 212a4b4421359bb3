import type { Database } from '../stores/database.ts'
import type { Fragment } from '../stores/statement.ts'

/** An event as it is stored, with the wrapped key of its subject: null where that has been erased. */
export interface TrailEvent {
  id: number
  at: Date
  event: string
  outcome: 'success' | 'failure'
  reason: string | null
  actorId: string | null
  subjectId: string | null
  sessionId: string | null
  requestId: string | null
  personal: Buffer | null
  wrappedKey: Buffer | null
}

/** What is asked for; null is everything. */
export interface TrailFilter {
  actorId: string | null
  subjectId: string | null
  event: string | null
  /** From this time on, and before that one. */
  from: Date | null
  to: Date | null
}

export type AuditTrailStore = ReturnType<typeof createAuditTrailStore>

/** So far (ms) the order of ids and that of times may be apart. */
const slack = 60_000

export function createAuditTrailStore (db: Database) {
  const { fragment } = db
  const rows = fragment`
    select a.id, a.at, a.event, a.outcome, a.reason, a.actor_id, a.subject_id, a.session_id, a.request_id, a.personal, k.wrapped_key
    from audit_events a
    left join subject_keys k on k.subject_id = a.subject_id`

  return { idNear, before, after }

  /** An id below which no event is of this time or later, or, `late`, from which on none is earlier. */
  async function idNear (time: Date, { late }: { late: boolean }): Promise<number> {
    const [row] = await db<{ id: number }>`select audit_event_id_near(${new Date(time.getTime() + (late ? slack : -slack))}) as id`
    return row?.id ?? 0
  }

  /** The latest events with ids below `high`, the highest first; none below `low`. */
  async function before (filter: TrailFilter, { low, high, limit }: { low: number, high: number, limit: number }): Promise<TrailEvent[]> {
    const { key, place, order } = along(filter)
    return await db<TrailEvent>`
      ${rows}
      where ${key} < ${place(high)}
        and ${key} >= ${place(low)}
        ${restrict(filter)}
      order by ${order(fragment`desc`)}
      limit ${limit}`
  }

  /** The first events with ids from `low` on, the lowest first; none from `high` on. */
  async function after (filter: TrailFilter, { low, high, limit }: { low: number, high: number, limit: number }): Promise<TrailEvent[]> {
    const { key, place, order } = along(filter)
    return await db<TrailEvent>`
      ${rows}
      where ${key} >= ${place(low)}
        and ${key} < ${place(high)}
        ${restrict(filter)}
      order by ${order(fragment`asc`)}
      limit ${limit}`
  }

  // Which index is followed. A person is compared together with the id, so that the rows of whoever has many
  // are read from the index in their order, a page of them; for an equality the planner, which expects few,
  // would read them all and sort them, in each partition. Of kinds of events there are few: it knows those.
  function along ({ actorId, subjectId }: TrailFilter) {
    if (subjectId !== null) return of(fragment`a.subject_id`, subjectId)
    if (actorId !== null) return of(fragment`a.actor_id`, actorId)
    return { key: fragment`a.id`, place: (id: number) => fragment`${id}::bigint`, order: (way: Fragment) => fragment`a.id ${way}` }

    function of (column: Fragment, person: string) {
      return {
        key: fragment`(${column}, a.id)`,
        place: (id: number) => fragment`(${person}::uuid, ${id}::bigint)`,
        order: (way: Fragment) => fragment`${column} ${way}, a.id ${way}`
      }
    }
  }

  // Only what is asked for is in the statement, so that each combination has a plan of its own.
  function restrict ({ actorId, subjectId, event, from, to }: TrailFilter): Fragment {
    const none = fragment``
    return fragment`
        ${actorId === null || subjectId === null ? none : fragment`and a.actor_id = ${actorId}`}
        ${event === null ? none : fragment`and a.event = ${event}`}
        ${from === null ? none : fragment`and a.at >= ${from}`}
        ${to === null ? none : fragment`and a.at < ${to}`}`
  }
}
