import { decodeLeaves, genesis, hashSeal, isSeen, readSnapshot } from '../chain.ts'
import type { Leaf, Snapshot, StoredSeal } from '../chain.ts'
import type { EventMacs } from '../macs.ts'
import type { AuditSealStore, Link } from '../seal-store.ts'
import type { SealVerifier } from '../signatures.ts'
import { createFindings } from './findings.ts'
import type { BrokenSeal, Findings, ForeignSeals, NamedFindings } from './findings.ts'
import { createMacRules } from '../macs.ts'
import { createPast, isImpossible } from './past.ts'
import { createRows } from './rows.ts'
import type { Found, Rows } from './rows.ts'

export interface Verdict extends NamedFindings {
  isSound: boolean
  brokenSeals: BrokenSeal[]
  /** Seals that count only because a later one of ours continues them. */
  foreignSeals: ForeignSeals[]
  /** Subjects that have an account, or had one whose erasure no event records, and whose key is gone. */
  lostKeys: string[]
  /** Events whose MAC could not be checked: they were written before there were MACs, or under a key not listed. */
  unchecked: number
  /** Whether the chain contains the head that was asked for; null when none was. */
  hasHead: boolean | null
  /** How many seals were read. */
  seals: number
  /** How many events were read. */
  events: number
  /** Events that were sealed, and dropped when they need not be kept any more. */
  dropped: number
  /** Events that wait for their seal. */
  unsealed: number
  /** Since when the oldest of them waits (microseconds since 1970). */
  unsealedSince: number | null
  /** The longest time that an event had waited for its seal, those of the first seals aside. */
  longestWaitMs: number
  /** The end of the chain. */
  head: { number: number, hash: Buffer } | null
}

export interface Expectation {
  /** A head that was stored elsewhere, or its beginning, in hexadecimal: the chain must contain it. */
  head?: string | undefined
  /** Called with the number of sealed events that have been verified, and of all sealed events. */
  report?: (done: number, total: number) => void
}

export type AuditVerification = ReturnType<typeof createAuditVerification>

const sealsPerPage = 100
const linksPerPage = 5000
/** After a seal, at most this many missing ones are listed one by one. */
const missingSealsMax = 1000

/**
 * Verifies the trail against its seals. Both are read once, in their order and page by page. In memory are the
 * rows that no seal has named yet, and three numbers for each seal.
 */
export function createAuditVerification (
  store: Pick<AuditSealStore, 'seals' | 'links' | 'events' | 'horizon' | 'lostKeys'>,
  signatures: SealVerifier,
  macs: Pick<EventMacs, 'check'>
) {
  return { verify }

  /**
   * Reads the whole trail. The verdict names everything that is wrong with it.
   * @throws Refusal `unavailable`
   */
  async function verify ({ head, report = () => {} }: Expectation = {}): Promise<Verdict> {
    const { last } = await store.horizon()
    const { foreign, keptFrom, total } = await follow(last)
    const rows = createRows(store, macs)
    const macRules = createMacRules()
    const past = createPast()
    const findings = createFindings()
    const foreignSeals: ForeignSeals[] = []
    /** The first seal since the last one of a known key. */
    let firstForeign: number | null = null
    const tally = { hasHead: false, seals: 0, dropped: 0, longestWaitMs: 0 }
    let previous: StoredSeal | null = null
    /** The last seal that is ours and unaltered. */
    let reached: StoredSeal | null = null

    for await (const seal of sealsUpTo(last)) {
      if (judgeSeal(seal, { previous, reached, isForeign: foreign.has(seal.number) }, findings)) {
        past.add(seal)
        noteKey(seal)
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
    // If events were dropped while we were reading, they look like removed ones: read again.
    if (findings.missing.size > 0 && (await follow(now.last)).keptFrom !== keptFrom) {
      return await verify({ head, report })
    }

    const waiting = judgeRest(rows, reached, now.snapshot, findings)
    for (const [id, { authenticity }] of rows.waiting) if (macRules.isWrong(authenticity)) findings.unsigned.push(id)
    const lostKeys = await store.lostKeys()
    return {
      isSound: findings.isNone() && lostKeys.length === 0 && (head === undefined || tally.hasHead),
      ...findings.name(),
      lostKeys,
      unchecked: macRules.tolerated(),
      brokenSeals: findings.brokenSeals,
      foreignSeals,
      ...tally,
      hasHead: head === undefined ? null : tally.hasHead,
      events: rows.read(),
      ...waiting,
      head: previous && { number: previous.number, hash: previous.hash }
    }

    function noteKey ({ number, keyId, sealedAt }: StoredSeal) {
      if (!signatures.knows(keyId)) firstForeign ??= number
      else if (firstForeign !== null && reached) {
        foreignSeals.push({ first: firstForeign, last: reached.number, vouchedBy: number, vouchedAt: sealedAt })
        firstForeign = null
      }
    }

    async function judgeEvents (seal: StoredSeal) {
      const leaves = decodeLeaves(seal.leaves)
      await rows.advance(leaves.reduce((highest, { id }) => Math.max(highest, id), 0))

      const found = leaves.map(({ id }) => rows.take(id))
      const isRetired = !signatures.knows(seal.keyId)
      macRules.begin({ ...seal, isRetired }, found.flatMap(row => row ? [row.authenticity] : []))

      for (const [place, leaf] of leaves.entries()) {
        const row = found[place]
        if (row) judgeEvent(seal, leaf, row)
        else if (keptFrom !== null && leaf.at < keptFrom) tally.dropped++
        else findings.missing.set(leaf.id, leaf.hash)
      }
    }

    function judgeEvent (seal: StoredSeal, { id, hash }: Leaf, row: Found) {
      if (!row.hash.equals(hash)) return findings.differing.set(id, { wanted: hash, found: row.hash })
      if (macRules.isWrong(row.authenticity)) findings.unsigned.push(id)

      const before = past.before(row.xid)
      if (isImpossible({ id, at: row.at }, before, seal.sealedAt)) findings.inserted.push(id)
      if (before) tally.longestWaitMs = Math.max(tally.longestWaitMs, (seal.sealedAt - row.at) / 1000)
    }
  }

  async function * sealsUpTo (last: number) {
    for (let after = 0; after < last;) {
      const page = (await store.seals(after, sealsPerPage)).filter(({ number }) => number <= last)
      if (page.length === 0) return
      yield * page
      after = page.at(-1)?.number ?? last
    }
  }

  /**
   * Reads the chain backwards, from the last seal that a known key has signed. Each seal whose hash is the `previous`
   * of one of ours is ours too, even if its own key is not known any more. Where that breaks off, the next seal with a
   * valid signature is ours again. Every other seal is `foreign`.
   */
  async function follow (last: number): Promise<{ foreign: Set<number>, keptFrom: number | null, total: number }> {
    const foreign = new Set<number>()
    let wanted: Buffer | null = null
    let keptFrom: number | null = null

    for (let before = last + 1, isMore = true; isMore;) {
      const page: Link[] = await store.links(before, linksPerPage)
      for (const link of page) {
        const isOurs: boolean = wanted?.equals(link.hash) === true ||
          signatures.verify(link.hash, link.signature, link.keyId) === true
        if (isOurs) {
          keptFrom ??= link.keptFrom
          wanted = link.previous
        } else foreign.add(link.number)
      }
      before = page.at(-1)?.number ?? before
      isMore = page.length === linksPerPage
    }
    return { foreign, keptFrom, total: (await store.seals(last - 1, 1))[0]?.total ?? 0 }
  }

  /** Whether the content of a seal counts. */
  function judgeSeal (seal: StoredSeal, { previous, reached, isForeign }: Before, { brokenSeals }: Findings): boolean {
    const next = (previous?.number ?? 0) + 1
    const signed = signatures.verify(seal.hash, seal.signature, seal.keyId)
    const add = (problem: BrokenSeal['problem']) => brokenSeals.push({ seal: seal.number, problem, ...idsOf(seal) })

    for (let number = next; number < Math.min(seal.number, next + missingSealsMax); number++) {
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

/** What comes before a seal: the row before it, and the last seal that is ours. */
interface Before { previous: StoredSeal | null, reached: StoredSeal | null, isForeign: boolean }

/** Whether a seal continues the last one that is ours: its hash, its counts and its highest id. */
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

/** Judges the rows that no seal has named: either they wait for the next seal, or they should not be there. */
function judgeRest (rows: Rows, last: StoredSeal | null, snapshot: string, findings: Findings) {
  const { inserted, orphaned, brokenSeals } = findings
  const now = readSnapshot(snapshot)
  const covered = last && readSnapshot(last.snapshot)
  // A dump was restored into a cluster that has not given out the numbers of the last seal yet, and no node has
  // recorded that in a seal so far. Events after the last seal may have old or new numbers: they wait for their seal.
  const isRestored = covered !== null && now.xmax < covered.xmax
  const unnamed = brokenSeals.length > 0 ? orphaned : inserted
  let unsealed = 0
  let unsealedSince: number | null = null

  inserted.push(...rows.twice)
  for (const [id, { at, xid }] of rows.waiting) {
    const isNew = isRestored && last !== null && id > last.lastId
    if (!isNew && last && covered && isCovered(id, xid, last, covered)) unnamed.push(id)
    // Its transaction has not happened yet.
    else if (!isRestored && !isSeen(now, xid)) inserted.push(id)
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
