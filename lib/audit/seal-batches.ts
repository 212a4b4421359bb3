import type { Transaction } from '../stores/database.ts'
import { cutSnapshot, encodeLeaves, genesis, hashEvent, hashSeal } from './chain.ts'
import type { StoredSeal } from './chain.ts'
import type { StoredEvent } from './event.ts'
import type { AuditSealStore } from './seal-store.ts'
import type { SealSigner } from './signatures.ts'
import type { Reached, Unsealed, UnsealedStore } from './unsealed-store.ts'

export interface SealBatchParts {
  store: Pick<AuditSealStore, 'lock' | 'transaction' | 'lastBefore' | 'insert'>
  unsealed: Pick<UnsealedStore, 'unsealed' | 'leftOver' | 'hasBegunAnew'>
  signer: Pick<SealSigner, 'sign' | 'verify'>
  /** Called in the transaction of each seal with the events that it covers. Every event comes once. */
  count: (tx: Transaction, events: StoredEvent[]) => Promise<void>
  /** The most events of one seal. */
  batchSize: number
}

/** The end of the chain: the last seal in the table, and the last one that a key of ours has signed. */
export interface ChainEnd { last: StoredSeal | null, ours: StoredSeal | null }

export type SealBatches = ReturnType<typeof createSealBatches>

/** How many seals at the end of the chain may be somebody else's before a node gives up. */
const foreignSealsMax = 1000

/** Before the first seal no event is covered: 3 is the first transaction number that Postgres gives. */
export const nothingSealed: Reached = { snapshot: '3:3:', through: null, floor: 0, lastId: 0 }

/** Makes seals, each in one transaction that also counts the events it covers. */
export function createSealBatches ({ store, unsealed, signer, count, batchSize }: SealBatchParts) {
  return { make, end }

  /**
   * Seals the first unsealed events.
   * @param keptFrom announces in the seal that earlier events may be dropped (microseconds since 1970)
   * @returns null if another node is sealing, or if there is nothing to seal or to announce
   */
  async function make (tx: Transaction, keptFrom: number | null): Promise<StoredSeal | null> {
    if (!await store.lock(tx)) return null

    const xid = await store.transaction(tx)
    const { last, ours } = await end(tx)
    const from = ours ?? nothingSealed
    const hasBegunAnew = await unsealed.hasBegunAnew(from, tx)
    const found = await (hasBegunAnew ? unsealed.leftOver(tx, from) : unsealed.unsealed(tx, from, batchSize))
    const announces = keptFrom !== null && keptFrom !== ours?.keptFrom
    if (found.events.length === 0 && !hasBegunAnew && !announces) return null

    const content = { ...contentOf(last, ours, xid, found), ...(announces && { keptFrom }) }
    if (hasBegunAnew) Object.assign(content, { ...nothingSealed, floor: content.lastId, lastId: content.lastId })
    else if (found.events.length === batchSize) Object.assign(content, stopAfter(found))

    const hash = hashSeal(content)
    const seal = { ...content, hash, ...signer.sign(hash) }
    await store.insert(tx, seal)
    await count(tx, found.events)
    return seal
  }

  /**
   * The end of the chain. The last seal may be somebody else's: a forger may write a seal but cannot sign it. It stays
   * in the table and its content is ignored, so nobody can make us believe that everything has been sealed.
   * @throws Error if there are seals, and none of the last 1,000 is ours
   */
  async function end (query?: Transaction): Promise<ChainEnd> {
    const last = await store.lastBefore(Number.MAX_SAFE_INTEGER, query)
    let ours = last
    for (let steps = 0; ours && !isOurs(ours); steps++) {
      if (steps === foreignSealsMax) {
        throw new Error(`none of the last ${foreignSealsMax} seals was made under an ENCRYPTION_KEY that is listed`)
      }
      ours = await store.lastBefore(ours.number, query)
    }
    if (last && !ours) throw new Error('no seal was made under an ENCRYPTION_KEY that is listed')
    return { last, ours }
  }

  function isOurs (seal: StoredSeal): boolean {
    return hashSeal(seal).equals(seal.hash) && signer.verify(seal.hash, seal.signature, seal.keyId) === true
  }
}

function contentOf (
  last: StoredSeal | null, ours: StoredSeal | null, xid: string, { snapshot, now, events }: Unsealed
) {
  return {
    number: (last?.number ?? 0) + 1,
    events: events.length,
    total: (ours?.total ?? 0) + events.length,
    lastId: events.reduce((highest, { id }) => Math.max(highest, id), ours?.lastId ?? 0),
    xid,
    snapshot,
    through: null,
    floor: ours?.floor ?? 0,
    keptFrom: ours?.keptFrom ?? null,
    sealedAt: now,
    leaves: encodeLeaves(events.map(event => ({ id: event.id, at: event.at, hash: hashEvent(event) }))),
    previous: ours?.hash ?? genesis
  }
}

/** Where a full batch ends: it may be within the events of a transaction. */
function stopAfter ({ snapshot, events }: Unsealed) {
  const { xid, id } = events.at(-1) ?? { xid: '3', id: 0 }
  return { snapshot: cutSnapshot(snapshot, xid), through: id }
}
