import type { Database } from '../stores/database.ts'

/** The values that a rotation leaves for the durable record of its session. */
export interface Sighting { sessionId: string, floor: number, seenAt: Date }

export function createSightingStore (db: Database) {
  return { write }

  /**
   * Writes sightings to their sessions. Both values are only ever raised. Rows are locked in the order of their ids, as
   * in every statement that writes several sessions, so that two writers cannot deadlock.
   */
  async function write (sightings: Sighting[]) {
    // The times go as text, because the driver would send a list of dates as one date.
    const times = sightings.map(({ seenAt }) => seenAt.toISOString())
    await db`
      with locked as (
        select id
        from sessions
        where id = any(${sightings.map(({ sessionId }) => sessionId)}::uuid[])
        order by id
        for no key update
      )
      update sessions s
      set floor = greatest(s.floor, seen.floor),
          last_seen_at = greatest(s.last_seen_at, seen.at)
      from locked, unnest(
        ${sightings.map(({ sessionId }) => sessionId)}::uuid[],
        ${sightings.map(({ floor }) => floor)}::bigint[],
        ${times}::timestamptz[]
      ) as seen (id, floor, at)
      where s.id = locked.id and s.id = seen.id`
  }
}
