import type { Session } from './session-store.ts'
import type { Sighting } from './sighting-store.ts'

export type Sightings = ReturnType<typeof createSightings>

/** A session's record is written at most once in this time (ms), so `last_seen_at` is at most that far behind. */
export const writeIntervalMs = 15 * 60_000
/** When this many sightings wait, further sessions are skipped: only a hint is lost. */
const waitingMax = 10_000
const rowsPerWrite = 500

/**
 * Collects the sightings that rotations leave for the durable record (its floor and when it was last seen) and writes
 * them later, many at once. Losing some costs precision, never a session: both values are only ever raised.
 */
export function createSightings (write: (sightings: Sighting[]) => Promise<void>) {
  const waiting = new Map<string, Sighting>()

  return { note, flush, get size () { return waiting.size } }

  /** Keeps a rotation's floor unless the session's record has been written recently. `now` is in milliseconds. */
  function note ({ sessionId, lastSeenAt }: Pick<Session, 'sessionId' | 'lastSeenAt'>, floor: number, now: number) {
    if (now - lastSeenAt.getTime() < writeIntervalMs) return
    if (waiting.size >= waitingMax && !waiting.has(sessionId)) return
    // A hot record that was restored may know less than the rotation before: a floor is only ever raised.
    const raised = Math.max(floor, waiting.get(sessionId)?.floor ?? floor)
    waiting.set(sessionId, { sessionId, floor: raised, seenAt: new Date(now) })
  }

  /** Writes all waiting sightings. If a write fails, its sightings keep waiting. Throws what `write` throws. */
  async function flush () {
    while (waiting.size) {
      const sightings = [...waiting.values()].slice(0, rowsPerWrite)
      await write(sightings)
      for (const sighting of sightings) forget(sighting)
    }
  }

  /** Forgets a sighting that was written, unless a newer one of its session has come meanwhile. */
  function forget (sighting: Sighting) {
    if (waiting.get(sighting.sessionId) === sighting) waiting.delete(sighting.sessionId)
  }
}
