import { decodeLeaves, genesis, hashEvent, hashSeal, isSeen, readSnapshot } from './chain.ts'
import type { Leaf, Snapshot } from './chain.ts'
import type { SealVerifier } from './signatures.ts'
import type { AuditSealStore, Link, StoredEvent, StoredSeal } from './seal-store.ts'

/** What is wrong with a seal, and whose events it vouches for, by their lowest and highest id. */
export interface BrokenSeal {
  seal: number
  /**
   * `missing`; `altered` (its hash is not that of what it says); `forged` (the signature is not right);
   * `unlinked` (it does not continue the one before); `unknown_key` (and no later seal vouches for it).
   */
  problem: 'missing' | 'altered' | 'forged' | 'unlinked' | 'unknown_key'
  firstId: number | null
  lastId: number | null
}

export interface Verdict {
  isSound: boolean
  /** Ids whose content is not what was sealed. */
  altered: number[]
  /** Ids of events that were sealed and are not there. */
  removed: number[]
  /** Ids of events that are in no seal although those that cover their time are there, or that claim a time or an id of before. */
  inserted: number[]
  /** Ids under which the content of another sealed event stands. */
  reordered: number[]
  /** Ids of events that nothing vouches for, because seals are missing or are not ours. */
  orphaned: number[]
  brokenSeals: BrokenSeal[]
  /** Whether the chain contains the head that was asked for; null when none was. */
  hasHead: boolean | null
  /** Seals and events that were looked at. */
  seals: number
  events: number
  /** Events that were sealed, and dropped when they need not be kept any more. */
  dropped: number
  /** Events that wait for their seal, and since when (microseconds since 1970). */
  unsealed: number
  unsealedSince: number | null
  /** The longest that an event had waited for its seal (milliseconds), those of the first seals aside. */
  longestWait: number
  /** The end of the chain. */
  head: { number: number, hash: Buffer } | null
}

export interface Expectation {
  /** A head that was shipped elsewhere, or its beginning, in hexadecimal: the chain must contain it. */
  head?: string | undefined
  /** Hears how many of how many events have been looked at. */
  report?: (done: number, total: number) => void
}

export type AuditVerification = ReturnType<typeof createAuditVerification>

/** Seals and events that are read at once. */
const sealsAtOnce = 100
const linksAtOnce = 5000
const eventsAtOnce = 5000
/** So far (microseconds) clocks may be apart, or be set back. */
const tolerance = 60_000_000

/** What is found in a row, for as long as no seal has named it. */
interface Found { at: number, xid: bigint, hash: Buffer }

/**
 * Holds the trail against its seals. Both are read once, in their order and page by page; in memory is what
 * no seal has named yet, and for each seal three numbers.
 */
export function createAuditVerification (store: Pick<AuditSealStore, 'seals' | 'links' | 'events' | 'horizon'>, signatures: SealVerifier) {
  return { verify }

  /** Throws `unavailable`; whatever is wrong with the trail is in what it returns. */
  async function verify ({ head, report = () => {} }: Expectation = {}): Promise<Verdict> {
    const { last } = await store.horizon()
    const { foreign, keptFrom, total } = await follow(last)
    const rows = createRows(store)
    const past = createPast()
    const findings = createFindings()
    const tally = { hasHead: false, seals: 0, dropped: 0, longestWait: 0 }
    let previous: StoredSeal | null = null
    /** The last one that is ours and says what we said. */
    let reached: StoredSeal | null = null

    for await (const seal of sealsUpTo(last)) {
      if (judgeSeal(seal, { previous, reached, isForeign: foreign.has(seal.number) }, findings)) {
        past.add(seal)
        await judgeEvents(seal)
        tally.hasHead ||= head !== undefined && seal.hash.toString('hex').startsWith(head)
        reached = seal
      }
      tally.seals++
      previous = seal
      report(seal.total, total)
    }
    await rows.advance(Infinity)
    const now = await store.horizon()
    // Events may have been dropped while we were reading.
    if (findings.missing.size > 0 && (await follow(now.last)).keptFrom !== keptFrom) return await verify({ head, report })
    const waiting = judgeRest(rows, reached, now.snapshot, findings)
    return {
      isSound: findings.isNone() && (head === undefined || tally.hasHead),
      ...findings.name(),
      brokenSeals: findings.brokenSeals,
      ...tally,
      hasHead: head === undefined ? null : tally.hasHead,
      events: rows.read(),
      ...waiting,
      head: previous && { number: previous.number, hash: previous.hash }
    }

    async function judgeEvents (seal: StoredSeal) {
      const leaves = decodeLeaves(seal.leaves)
      await rows.advance(leaves.reduce((highest, { id }) => Math.max(highest, id), 0))

      for (const leaf of leaves) {
        const row = rows.take(leaf.id)
        if (row) judgeEvent(seal, leaf, row)
        else if (keptFrom !== null && leaf.at < keptFrom) tally.dropped++
        else findings.missing.set(leaf.id, leaf.hash)
      }
    }

    function judgeEvent (seal: StoredSeal, { id, hash }: Leaf, row: Found) {
      if (!row.hash.equals(hash)) return findings.differing.set(id, { wanted: hash, found: row.hash })

      const before = past.before(row.xid)
      const isLate = before !== undefined && (id <= before.lastId || row.at < before.sealedAt - tolerance)
      if (isLate || row.at > seal.sealedAt + tolerance) findings.inserted.push(id)
      if (before) tally.longestWait = Math.max(tally.longestWait, (seal.sealedAt - row.at) / 1000)
    }
  }

  async function * sealsUpTo (last: number) {
    for (let after = 0; after < last;) {
      const page = (await store.seals(after, sealsAtOnce)).filter(({ number }) => number <= last)
      if (page.length === 0) return
      yield * page
      after = page.at(-1)?.number ?? last
    }
  }

  /**
   * Goes back from the last seal that a known key has signed: whatever it continues is ours, by its hash, also
   * what was signed under a key that is not known any more. Where that breaks off, the next signature counts.
   * What is not found in this way is somebody else's.
   */
  async function follow (last: number): Promise<{ foreign: Set<number>, keptFrom: number | null, total: number }> {
    const foreign = new Set<number>()
    let wanted: Buffer | null = null
    let keptFrom: number | null = null

    for (let before = last + 1, isMore = true; isMore;) {
      const page: Link[] = await store.links(before, linksAtOnce)
      for (const link of page) {
        if (wanted?.equals(link.hash) !== true && signatures.verify(link.hash, link.signature, link.keyId) !== true) foreign.add(link.number)
        else {
          keptFrom ??= link.keptFrom
          wanted = link.previous
        }
      }
      before = page.at(-1)?.number ?? before
      isMore = page.length === linksAtOnce
    }
    return { foreign, keptFrom, total: (await store.seals(last - 1, 1))[0]?.total ?? 0 }
  }

  /** Whether what it says counts. */
  function judgeSeal (seal: StoredSeal, { previous, reached, isForeign }: Before, { brokenSeals }: Findings): boolean {
    const next = (previous?.number ?? 0) + 1
    const signed = signatures.verify(seal.hash, seal.signature, seal.keyId)
    const add = (problem: BrokenSeal['problem']) => brokenSeals.push({ seal: seal.number, problem, ...idsOf(seal) })

    for (let number = next; number < Math.min(seal.number, next + 1000); number++) {
      brokenSeals.push({ seal: number, problem: 'missing', firstId: (previous?.lastId ?? 0) + 1, lastId: seal.lastId })
    }
    if (!hashSeal(seal).equals(seal.hash)) add('altered')
    else if (signed === false) add('forged')
    else if (isForeign) add('unknown_key')
    else {
      if (seal.number === next && !isNextTo(seal, reached)) add('unlinked')
      return true
    }
    return false
  }
}

/** What comes before a seal: the row, and the last one that is ours. */
interface Before { previous: StoredSeal | null, reached: StoredSeal | null, isForeign: boolean }

type Findings = ReturnType<typeof createFindings>
type Rows = ReturnType<typeof createRows>

/** What a seal must continue, all of the last seal that is ours: the hash, the counts, the highest id. */
function isNextTo (seal: StoredSeal, reached: StoredSeal | null): boolean {
  const leaves = decodeLeaves(seal.leaves).length
  return seal.previous.equals(reached?.hash ?? genesis) &&
    seal.events === leaves &&
    seal.total === (reached?.total ?? 0) + leaves &&
    seal.lastId >= (reached?.lastId ?? 0)
}

function idsOf ({ leaves }: StoredSeal): { firstId: number | null, lastId: number | null } {
  const ids = decodeLeaves(leaves).map(({ id }) => id)
  return ids.length === 0
    ? { firstId: null, lastId: null }
    : { firstId: ids.reduce((a, b) => Math.min(a, b)), lastId: ids.reduce((a, b) => Math.max(a, b)) }
}

/** The rows in the order of their ids, and those among them that no seal has named so far. */
function createRows (store: Pick<AuditSealStore, 'events'>) {
  const waiting = new Map<number, Found>()
  const twice: number[] = []
  let page: StoredEvent[] = []
  let place = 0
  let last = Number.MIN_SAFE_INTEGER
  let isOver = false
  let count = 0

  return { advance, take, waiting, twice, read: () => count }

  /** Reads all rows up to an id. */
  async function advance (id: number) {
    for (;;) {
      for (; place < page.length; place++) {
        const row = page[place]
        if (row === undefined || row.id > id) return
        add(row)
      }
      if (isOver || last >= id) return
      page = await next()
      place = 0
    }
  }

  async function next () {
    const found = await store.events(last, eventsAtOnce)
    isOver = found.length < eventsAtOnce
    // A page that ends between two rows of one id would lose the second.
    const end = found.at(-1)?.id ?? last
    const whole = isOver || found[0]?.id === end ? found : found.filter(({ id }) => id < end)
    last = whole.at(-1)?.id ?? last
    return whole
  }

  function add (row: StoredEvent) {
    count++
    if (waiting.has(row.id)) twice.push(row.id)
    else waiting.set(row.id, { at: row.at, xid: BigInt(row.xid), hash: hashEvent(row) })
  }

  function take (id: number): Found | undefined {
    const row = waiting.get(id)
    waiting.delete(id)
    return row
  }
}

/**
 * What could not be any more when a seal was made. The transaction of an event gets its number first, then the
 * event its id and its time. A seal's own transaction got its number after the seal before it was made: so an
 * event whose transaction is later than the seal's has a higher id than all that were sealed before it, and
 * a later time, save for what clocks differ.
 */
function createPast () {
  let seals: { xid: bigint, lastId: number, sealedAt: number }[] = []
  let floor = 0

  return { add, before }

  function add ({ xid, lastId, sealedAt, floor: start }: StoredSeal) {
    // Numbers of transactions that began anew cannot be compared with those of before.
    if (start !== floor) seals = []
    floor = start
    seals.push({ xid: BigInt(xid), lastId, sealedAt })
  }

  /** The seal that had been made before a transaction began, as far as can be told. */
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

/** Rows that no seal has named: they wait for the next one, or have no business here. */
function judgeRest (rows: Rows, last: StoredSeal | null, snapshot: string, { inserted, orphaned, brokenSeals }: Findings) {
  const now = readSnapshot(snapshot)
  const covered = last && readSnapshot(last.snapshot)
  const unnamed = brokenSeals.length > 0 ? orphaned : inserted
  let unsealed = 0
  let unsealedSince: number | null = null

  inserted.push(...rows.twice)
  for (const [id, { at, xid }] of rows.waiting) {
    if (last && covered && isCovered(id, xid, last, covered)) unnamed.push(id)
    // Its transaction has not been yet.
    else if (!isSeen(now, xid)) inserted.push(id)
    else {
      unsealed++
      unsealedSince = Math.min(unsealedSince ?? at, at)
    }
  }
  return { unsealed, unsealedSince }
}

function isCovered (id: number, xid: bigint, { floor, through }: StoredSeal, snapshot: Snapshot): boolean {
  return id <= floor || isSeen(snapshot, xid) || (xid === snapshot.xmax && through !== null && id <= through)
}

/** What does not fit, and in the end under which name. */
function createFindings () {
  const differing = new Map<number, { wanted: Buffer, found: Buffer }>()
  const missing = new Map<number, Buffer>()
  const inserted: number[] = []
  const orphaned: number[] = []
  const brokenSeals: BrokenSeal[] = []

  return { differing, missing, inserted, orphaned, brokenSeals, isNone, name }

  function isNone () {
    return differing.size + missing.size + inserted.length + orphaned.length + brokenSeals.length === 0
  }

  // Content that was sealed under one id and stands under another has changed its place.
  function name () {
    const sealed = new Set([...[...differing.values()].map(({ wanted }) => wanted), ...missing.values()].map(hash => hash.toString('hex')))
    const reordered = [...differing].filter(([, { found }]) => sealed.has(found.toString('hex'))).map(([id]) => id)
    const moved = new Set(reordered)
    const altered = [...differing.keys()].filter(id => !moved.has(id))
    const removed = [...missing.keys()]

    return { altered: sorted(altered), removed: sorted(removed), inserted: sorted(inserted), reordered: sorted(reordered), orphaned: sorted(orphaned) }
  }
}

function sorted (ids: number[]): number[] {
  return [...new Set(ids)].sort((a, b) => a - b)
}
