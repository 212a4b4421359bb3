/** What is wrong with a seal, and the lowest and highest id of the events that it covers. */
export interface BrokenSeal {
  seal: number
  /**
   * `missing`; `altered` (its hash is not that of its content); `forged` (the signature is wrong); `unlinked` (it does
   * not continue the seal before); `unknown_key` (its key is unknown, and no later seal of ours continues it).
   */
  problem: 'missing' | 'altered' | 'forged' | 'unlinked' | 'unknown_key'
  firstId: number | null
  lastId: number | null
}

/** Successive seals whose key is not known, and the seal of a known key that continues them. */
export interface ForeignSeals {
  first: number
  last: number
  vouchedBy: number
  /** When that one was made (microseconds since 1970): it proves what they were then, not who made them. */
  vouchedAt: number
}

/** Ids of events, by what is wrong with them. */
export interface NamedFindings {
  /** The content is not what was sealed. */
  altered: number[]
  /** The event was sealed and is not there. */
  removed: number[]
  /** The event is in no seal although those of its time are there, or it claims an earlier time or id. */
  inserted: number[]
  /** The content of another sealed event stands under this id. */
  reordered: number[]
  /** The event's MAC is not ours, was copied, or is missing although every node wrote MACs by then. */
  unsigned: number[]
  /** No seal confirms the event, because seals are missing or are not ours. */
  orphaned: number[]
}

export type Findings = ReturnType<typeof createFindings>

/** Collects what is wrong with the trail, and finally names it. */
export function createFindings () {
  const differing = new Map<number, { wanted: Buffer, found: Buffer }>()
  const missing = new Map<number, Buffer>()
  const inserted: number[] = []
  const unsigned: number[] = []
  const orphaned: number[] = []
  const brokenSeals: BrokenSeal[] = []

  return { differing, missing, inserted, unsigned, orphaned, brokenSeals, isNone, name }

  function isNone () {
    return differing.size + missing.size + inserted.length + unsigned.length + orphaned.length +
      brokenSeals.length === 0
  }

  // An event whose content was sealed under another id has been moved.
  function name (): NamedFindings {
    const wanted = [...[...differing.values()].map(({ wanted }) => wanted), ...missing.values()]
    const sealed = new Set(wanted.map(hash => hash.toString('hex')))
    const reordered = [...differing].filter(([, { found }]) => sealed.has(found.toString('hex'))).map(([id]) => id)
    const moved = new Set(reordered)

    return {
      altered: sorted([...differing.keys()].filter(id => !moved.has(id))),
      removed: sorted([...missing.keys()]),
      inserted: sorted(inserted),
      reordered: sorted(reordered),
      unsigned: sorted(unsigned),
      orphaned: sorted(orphaned)
    }
  }
}

function sorted (ids: number[]): number[] {
  return [...new Set(ids)].sort((a, b) => a - b)
}
