import type { StoredSeal } from '../chain.ts'

/** Microseconds that clocks may differ, or be set back. */
const clockToleranceMicros = 60_000_000

/**
 * Remembers the seals that were made, to find events that claim an earlier id or time than they can have. The
 * transaction of an event gets its number first, then the event gets its id and its time. The transaction of a seal
 * gets its number after the seal before it was made. So an event whose transaction is later than that of a seal has a
 * higher id than every event that was sealed before that seal, and a later time, apart from the tolerance for clocks.
 */
export function createPast () {
  let seals: { xid: bigint, lastId: number, sealedAt: number }[] = []
  let floor = 0

  return { add, before }

  function add ({ xid, lastId, sealedAt, floor: start }: StoredSeal) {
    // Numbers of transactions that began anew cannot be compared with the earlier ones.
    if (start !== floor || BigInt(xid) < (seals.at(-1)?.xid ?? 0n)) seals = []
    floor = start
    seals.push({ xid: BigInt(xid), lastId, sealedAt })
  }

  /** The last seal that is known to have been made before a transaction began. */
  function before (xid: bigint): { lastId: number, sealedAt: number } | undefined {
    let [low, high] = [0, seals.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((seals[middle]?.xid ?? xid) < xid) low = middle + 1
      else high = middle
    }
    return seals[low - 2]
  }
}

/**
 * Whether an event claims an id or a time that it cannot have.
 * @param before what `createPast().before` gives for the event's transaction
 * @param sealedAt when the seal that names it was made (microseconds since 1970)
 */
export function isImpossible (
  { id, at }: { id: number, at: number }, before: { lastId: number, sealedAt: number } | undefined, sealedAt: number
): boolean {
  const isLate = before !== undefined && (id <= before.lastId || at < before.sealedAt - clockToleranceMicros)
  return isLate || at > sealedAt + clockToleranceMicros
}
