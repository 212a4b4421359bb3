import type { HotRecord, Presented } from './hot-record.ts'
import type { Random } from './random.ts'

/** A record and what is presented to it at a time. */
export interface Case {
  record: HotRecord | null
  presented: Presented
  floor: number
  grace: number
  canResume: boolean
  at: number
}

export const epoch = 1_700_000_000_000

/** Any case, also such as no life of a session leads to. */
export function randomCase (random: Random): Case {
  const at = epoch + random.below(1_000_000_000)
  const grace = random.pick([0, 1, 50, 30_000, 900_000])
  const generation = 1 + random.below(random.pick([3, 40, 5000]))
  const length = random.pick([1, 1, 2, 3, 10, 31, 32])
  const times = [at - random.below(grace * 2 + 10)]
  while (times.length < length) times.push((times.at(-1) ?? at) - random.below(random.pick([2, 20, 2000])))

  const base = random.chance(0.5) ? Math.max(1, generation - times.length + 1) : 1 + random.below(generation)
  const moment = at - random.below(grace * 2 + 10)
  const place = Math.max(0, generation + random.pick([0, 0, 0, -1, -1, -2, -3, -30, -31, -32, -33, 1, 2, 100]))
  const parent = random.chance(0.3) ? null : Math.max(0, generation - random.pick([1, 1, 1, 2, 3, 4]))
  const child = Math.max(1, generation - random.pick([0, 0, 1, 2]))
  const resumed = random.chance(0.7)
    ? null
    : { parent: Math.max(0, child - random.pick([2, 2, 3, 4])), child, at: at - random.below(100_000) }
  // Two steps may fall in one millisecond, so a token may have been issued in that of the resumption.
  const known = random.chance(0.7) ? times[generation - place] : undefined
  const issuedAt = resumed && random.chance(0.1) ? resumed.at : known ?? at - random.below(100_000)
  return {
    record: random.chance(0.1) ? null : { generation, base, moment, times, parent, resumed },
    presented: random.chance(0.1) ? null : { generation: place, issuedAt },
    floor: random.chance(0.1) ? random.below(generation + 5) : random.below(Math.min(place, generation) + 1),
    grace,
    canResume: random.chance(0.8),
    at
  }
}
