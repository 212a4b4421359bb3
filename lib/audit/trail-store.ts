import type { Database } from '../stores/database.ts'
import type { Fragment } from '../stores/statement.ts'
import type { EventRow } from './event.ts'

/** Which events are wanted; null means no restriction. */
export interface TrailFilter {
  actorId: string | null
  subjectId: string | null
  event: string | null
  /** Events at this time or later. */
  from: Date | null
  /** Events before this time. */
  to: Date | null
}

/** A range of ids, from `low` up to `high` exclusively, of which at most `limit` events are read. */
export interface Range { low: number, high: number, limit: number }

export type AuditTrailStore = ReturnType<typeof createAuditTrailStore>

/** How far the order of ids and the order of times may differ. */
const orderSlackMs = 60_000

export function createAuditTrailStore (db: Database) {
  const { fragment } = db
  const rows = fragment`
    select a.id, a.at, a.event, a.outcome, a.reason, a.actor_id, a.subject_id, a.session_id, a.request_id, a.personal,
           k.wrapped_key
    from audit_events a
    left join subject_keys k on k.subject_id = a.subject_id`

  return { idNear, before, after }

  /** An id below which every event is earlier than a time; with `late`, one from which on none is earlier. */
  async function idNear (time: Date, { late }: { late: boolean }): Promise<number> {
    const near = new Date(time.getTime() + (late ? orderSlackMs : -orderSlackMs))
    const [row] = await db<{ id: number }>`select audit_event_id_near(${near}) as id`
    return row?.id ?? 0
  }

  /** The latest events of a range, the highest id first. */
  async function before (filter: TrailFilter, { low, high, limit }: Range): Promise<EventRow[]> {
    const { key, position, order } = indexFor(filter)
    return await db<EventRow>`
      ${rows}
      where ${key} < ${position(high)}
        and ${key} >= ${position(low)}
        ${restrict(filter)}
      order by ${order(fragment`desc`)}
      limit ${limit}`
  }

  /** The first events of a range, the lowest id first. */
  async function after (filter: TrailFilter, { low, high, limit }: Range): Promise<EventRow[]> {
    const { key, position, order } = indexFor(filter)
    return await db<EventRow>`
      ${rows}
      where ${key} >= ${position(low)}
        and ${key} < ${position(high)}
        ${restrict(filter)}
      order by ${order(fragment`asc`)}
      limit ${limit}`
  }

  // This decides which index is used. The person is compared together with the id, so that one page of rows is read
  // from the index in its order, even if the person has many events. If the person were compared by an equality, the
  // planner would expect few rows, and would read and sort all of them in each partition. The name of the event needs
  // no such index: there are few names, and the planner has statistics about them.
  function indexFor ({ actorId, subjectId }: TrailFilter) {
    if (subjectId !== null) return personIndex(fragment`a.subject_id`, subjectId)
    if (actorId !== null) return personIndex(fragment`a.actor_id`, actorId)
    return {
      key: fragment`a.id`,
      position: (id: number) => fragment`${id}::bigint`,
      order: (direction: Fragment) => fragment`a.id ${direction}`
    }
  }

  function personIndex (column: Fragment, person: string) {
    return {
      key: fragment`(${column}, a.id)`,
      position: (id: number) => fragment`(${person}::uuid, ${id}::bigint)`,
      order: (direction: Fragment) => fragment`${column} ${direction}, a.id ${direction}`
    }
  }

  // Only the conditions that are wanted are in the statement, so that each combination has a plan of its own.
  function restrict ({ actorId, subjectId, event, from, to }: TrailFilter): Fragment {
    const none = fragment``
    return fragment`
        ${actorId === null || subjectId === null ? none : fragment`and a.actor_id = ${actorId}`}
        ${event === null ? none : fragment`and a.event = ${event}`}
        ${from === null ? none : fragment`and a.at >= ${from}`}
        ${to === null ? none : fragment`and a.at < ${to}`}`
  }
}
