import type { Transaction } from '../stores/database.ts'
import { cutSnapshot, encodeLeaves, genesis, hashEvent, hashSeal, readSnapshot } from './chain.ts'
import type { Leaf, StoredSeal } from './chain.ts'
import type { StoredEvent } from './event.ts'
import type { AuditSealStore } from './seal-store.ts'
import type { SealSigner } from './signatures.ts'
import type { Moment, Place, Reached, UnsealedStore } from './unsealed-store.ts'

export interface SealBatchParts {
  store: Pick<AuditSealStore, 'lock' | 'waitForLock' | 'transaction' | 'lastBefore' | 'links' | 'insert'>
  unsealed: Pick<UnsealedStore, 'moment' | 'unsealed' | 'leftOver' | 'hasBegunAnew' | 'firstSince'>
  signer: Pick<SealSigner, 'sign' | 'verify'>
  /** Whether the deployment has exchanged the `ENCRYPTION_KEY` that this node has: see lib/keys/ring.ts. */
  isShutOut: (tx?: Transaction) => Promise<boolean>
  /** Called in the transaction of each seal with some of the events that it covers. Every event comes once. */
  count: (tx: Transaction, events: StoredEvent[]) => Promise<void>
  /** With this many events a seal is full. */
  batchSize: number
}

/** What a seal covers, and how far the chain reaches with it. */
interface Batch extends Pick<StoredSeal, 'snapshot' | 'through'> { leaves: Leaf[] }

/** The end of the chain: the last seal in the table, and the last one that a key of ours has signed. */
export interface ChainEnd { last: StoredSeal | null, ours: StoredSeal | null }

/** A seal that goes on where an older key has ended. */
export interface Continuation {
  seal: StoredSeal
  /** The seal that it continues. */
  continued: StoredSeal
  /** Whether a key of ours has signed that one. */
  isVerified: boolean
}

export type SealBatches = ReturnType<typeof createSealBatches>

/** How many seals at the end of the chain may be somebody else's before a node gives up. */
const foreignSealsMax = 1000
const linksPerPage = 5000
/** Events that are read and hashed in one go. Others have a turn of the main thread between them. */
const eventsPerPage = 250

/** Before the first seal no event is covered: 3 is the first transaction number that Postgres gives. */
export const nothingSealed: Reached = { snapshot: '3:3:', through: null, floor: 0, lastId: 0 }

/** Makes seals, each in one transaction that also counts the events it covers. */
export function createSealBatches ({ store, unsealed, signer, isShutOut, count, batchSize }: SealBatchParts) {
  /** The last foreign end of the chain and the last seal of ours before it. Chains of others are long. */
  let walked: { from: Buffer, ours: StoredSeal | null } | null = null

  return { make, continueChain, end }

  /**
   * Seals the first unsealed events.
   * @param keptFrom announces in the seal that earlier events may be dropped (microseconds since 1970)
   * @returns null if another node is sealing, or if there is nothing to seal or to announce
   */
  async function make (tx: Transaction, keptFrom: number | null): Promise<StoredSeal | null> {
    if (!await store.lock(tx)) return null

    return await append(tx, await end(tx), { keptFrom, isForced: false })
  }

  /**
   * Lets the chain go on under the newest key, also if no key of ours has signed any of its seals: the operator has
   * exchanged a key that has leaked. Nobody can tell then who made the seals of before, so a node never does this by
   * itself. The new seal proves what they contained at this moment. It continues the last seal of ours, however many
   * others follow; where there is none, the last one that is intact and covers no more events than there are.
   * @returns null if there is no chain, or if it ends with a seal of the newest key
   * @throws Error if no seal can be continued
   */
  async function continueChain (tx: Transaction): Promise<Continuation | null> {
    await store.waitForLock(tx)
    const last = await store.lastBefore(Number.MAX_SAFE_INTEGER, tx)
    if (!last || (isOurs(last) && signer.sign(last.hash).keyId.equals(last.keyId))) return null

    const ours = await lastOfOurs(last, Infinity, tx)
    const continued = ours ?? await lastPlausible(last, tx)
    const seal = continued && await append(tx, { last, ours: continued }, { keptFrom: null, isForced: true })
    if (!seal) throw new Error('no seal of the audit trail is intact')
    return { seal, continued, isVerified: ours !== null }
  }

  async function append (
    tx: Transaction, { last, ours }: ChainEnd, { keptFrom, isForced }: { keptFrom: number | null, isForced: boolean }
  ): Promise<StoredSeal | null> {
    const xid = await store.transaction(tx)
    const from = ours ?? nothingSealed
    const hasBegunAnew = await unsealed.hasBegunAnew(from, tx)
    const moment = await unsealed.moment(tx)
    const batch = hasBegunAnew ? await readLeftOver(tx, from) : await readBatch(tx, from, moment.snapshot)
    // What has been dropped stays dropped, so an earlier time would make it look removed.
    const announces = keptFrom !== null && keptFrom > (ours?.keptFrom ?? -Infinity)
    if (batch.leaves.length === 0 && !hasBegunAnew && !announces && !isForced) return null

    const content = { ...contentOf(last, ours, xid, moment, batch), ...(announces && { keptFrom }) }
    if (hasBegunAnew) Object.assign(content, { floor: content.lastId })

    const hash = hashSeal(content)
    const seal = { ...content, hash, ...signer.sign(hash) }
    await store.insert(tx, seal)
    return seal
  }

  /**
   * The first events that the chain does not cover, until a batch is full. It is never full within the transactions
   * that were under way at the last seal: the next one could not say which of the later transactions are sealed.
   */
  async function readBatch (tx: Transaction, from: Reached, snapshot: string): Promise<Batch> {
    const { xmax } = readSnapshot(from.snapshot)
    const limit = Math.min(eventsPerPage, batchSize)
    const leaves: Leaf[] = []

    for (let after: Place | null = null; ;) {
      const page: StoredEvent[] = await unsealed.unsealed(tx, from, { snapshot, after, limit })
      leaves.push(...await take(tx, page))
      const last = page.at(-1)
      if (!last || page.length < limit) return { snapshot, through: null, leaves }
      if (leaves.length >= batchSize && BigInt(last.xid) >= xmax) {
        return { snapshot: cutSnapshot(snapshot, last.xid), through: last.id, leaves }
      }
      after = last
    }
  }

  async function readLeftOver (tx: Transaction, from: Reached): Promise<Batch> {
    return { ...nothingSealed, leaves: await take(tx, await unsealed.leftOver(tx, from)) }
  }

  async function take (tx: Transaction, events: StoredEvent[]): Promise<Leaf[]> {
    if (events.length > 0) await count(tx, events)
    return events.map(event => ({ id: event.id, at: event.at, hash: hashEvent(event) }))
  }

  /**
   * The end of the chain. The last seal may be somebody else's: a forger may write a seal but cannot sign it. It stays
   * in the table and its content is ignored, so nobody can make us believe that everything has been sealed. Only where
   * the signing keys are others' too has the deployment another key, and nodes with that key seal.
   * @throws Error if there are seals, and none of the last 1,000 is ours, or if this node is shut out
   */
  async function end (tx?: Transaction): Promise<ChainEnd> {
    const last = await store.lastBefore(Number.MAX_SAFE_INTEGER, tx)
    if (!last || isOurs(last)) return { last, ours: last }

    if (walked?.from.equals(last.hash) !== true) {
      walked = { from: last.hash, ours: await lastOfOurs(last, foreignSealsMax, tx) }
    }
    const { ours } = walked
    if (!ours) {
      throw new Error(`none of the last ${foreignSealsMax} seals was made under an ENCRYPTION_KEY that is listed: ` +
        'list that key too or, if it has leaked, run `rotate-keys --compromised`')
    }
    if (await isShutOut(tx)) {
      throw new Error('the last seal and the signing keys are under an ENCRYPTION_KEY that is not listed: ' +
        'nodes that have it seal the audit trail')
    }
    return { last, ours }
  }

  /** The last seal of ours among the last seals of the chain. */
  async function lastOfOurs ({ number }: StoredSeal, seals: number, tx?: Transaction): Promise<StoredSeal | null> {
    for (let before = number + 1, left = seals, isMore = true; isMore && left > 0; left -= linksPerPage) {
      const links = await store.links(before, Math.min(left, linksPerPage), tx)
      for (const { number, hash, signature, keyId } of links) {
        if (signer.verify(hash, signature, keyId) !== true) continue
        const seal = await store.lastBefore(number + 1, tx)
        if (seal && isOurs(seal)) return seal
      }
      before = links.at(-1)?.number ?? before
      isMore = links.length === linksPerPage
    }
    return null
  }

  async function lastPlausible (last: StoredSeal, tx: Transaction): Promise<StoredSeal | null> {
    for (let seal: StoredSeal | null = last; seal; seal = await store.lastBefore(seal.number, tx)) {
      const highest = Math.max(seal.lastId, seal.floor)
      if (isIntact(seal) && (highest === 0 || await unsealed.firstSince(highest - 1, tx))) return seal
    }
    return null
  }

  function isOurs (seal: StoredSeal): boolean {
    return isIntact(seal) && signer.verify(seal.hash, seal.signature, seal.keyId) === true
  }
}

function isIntact (seal: StoredSeal): boolean {
  return hashSeal(seal).equals(seal.hash)
}

function contentOf (
  last: StoredSeal | null, ours: StoredSeal | null, xid: string, { now }: Moment, { snapshot, through, leaves }: Batch
) {
  return {
    number: (last?.number ?? 0) + 1,
    events: leaves.length,
    total: (ours?.total ?? 0) + leaves.length,
    lastId: leaves.reduce((highest, { id }) => Math.max(highest, id), ours?.lastId ?? 0),
    xid,
    snapshot,
    through,
    floor: ours?.floor ?? 0,
    keptFrom: ours?.keptFrom ?? null,
    sealedAt: now,
    leaves: encodeLeaves(leaves),
    previous: ours?.hash ?? genesis
  }
}
