import type { Session } from './session-store.ts'
import type { Sighting } from './sighting-store.ts'

export type Sightings = ReturnType<typeof createSightings>

/** A session is written about at most so often (ms), so its `last_seen_at` is that far behind at most. */
export const period = 15 * 60_000
/** More than this many waiting are not kept: what is lost is only a hint. */
const most = 10_000
const batch = 500

/**
 * Writes behind what rotations leave for the durable record, its floor and when it was last seen, in
 * batches. Losing some costs precision, never a session: both are only ever raised.
 */
export function createSightings (write: (sightings: Sighting[]) => Promise<void>) {
  const waiting = new Map<string, Sighting>()

  return { note, flush, get size () { return waiting.size } }

  /** Keeps a rotation's floor unless the session has been written about recently. `now` is in ms. */
  function note ({ sessionId, lastSeenAt }: Pick<Session, 'sessionId' | 'lastSeenAt'>, floor: number, now: number) {
    if (now - lastSeenAt.getTime() < period || (waiting.size >= most && !waiting.has(sessionId))) return
    // A record that was put back may know less than the rotation before: a floor is only ever raised.
    const raised = Math.max(floor, waiting.get(sessionId)?.floor ?? floor)
    waiting.set(sessionId, { sessionId, floor: raised, seenAt: new Date(now) })
  }

  /** Writes what waits. A batch that fails waits on. */
  async function flush () {
    while (waiting.size) {
      const sightings = [...waiting.values()].slice(0, batch)
      await write(sightings)
      for (const sighting of sightings) if (waiting.get(sighting.sessionId) === sighting) waiting.delete(sighting.sessionId)
    }
  }
}
