import { cutSnapshot, encodeLeaves, genesis, hashEvent, hashSeal, readSnapshot } from './chain.ts'
import type { SealSigner } from './signatures.ts'
import type { Clock } from '../clock.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { AuditSealStore, Reached, StoredEvent, StoredSeal, Unsealed } from './seal-store.ts'
import type { Database, Transaction } from '../stores/database.ts'

interface Parts {
  database: Pick<Database, 'begin'>
  store: AuditSealStore
  signer: Pick<SealSigner, 'sign' | 'verify'>
  log: { info (fields: object, message: string): void, warn (fields: object, message: string): void, error (fields: object, message: string): void }
  metrics: Metrics
  clock: Pick<Clock, 'monotonic'>
  /** Hears in the transaction of each seal what it covers: every event once. */
  count: (tx: Transaction, events: StoredEvent[]) => Promise<void>
  /** How long (ms) events are kept; null for ever. */
  retention: number | null
  /** Events of one seal at most. */
  batchSize?: number
}

export type AuditSeals = ReturnType<typeof createAuditSeals>

/** So often (ms) a node looks whether there is something to seal … */
const interval = 1000
/** … and so old (ms) the first of it must be: a seal for many costs what one for a single event does. */
const patience = 2000
/** Events that wait so long (ms) are worth an alarm: something keeps every node from sealing. */
const overdue = 30_000
/** The head is told no more often than this (ms) while there is much to seal. */
const tellEvery = 1000
/** Partitions and retention are seen to so often (ms). */
const tidyEvery = 3_600_000
const monthsAhead = 3
/** So many seals of somebody else at the end are passed over. */
const foreignAtMost = 1000

/** Before the first seal: the events of no transaction have been. */
const nothingSealed: Reached = { snapshot: '3:3:', through: null, floor: 0 }

/**
 * Seals the trail into a hash chain, behind the backs of those who write it: they write a row and wait for
 * nobody. What is not sealed yet is what the last seal's snapshot does not see, so nothing has to be
 * remembered, a node that dies leaves nothing half done, and whichever comes next goes on.
 */
export function createAuditSeals ({ database, store, signer, log, metrics, clock, count, retention, batchSize = 2000 }: Parts) {
  /** The last seal that this node knows of: it must stay where it is. */
  let witnessed: { number: number, hash: Buffer } | null = null
  /** How far the chain reaches, as of that seal. */
  let reached: Reached = nothingSealed
  let unsealedFor = 0
  let toldAt = -Infinity
  let untold: { seal: number, events: number, head: string } | null = null
  let tidiedAt = -Infinity
  let isAway = false
  let isOverdue = false
  let isStopping = false
  let timer: NodeJS.Timeout | undefined
  let working: Promise<void> | null = null

  metrics.gauge('latchkey_audit_chain_length', 'Seals in the chain of the audit trail.', () => witnessed?.number ?? 0)
  metrics.gauge('latchkey_audit_chain_head', 'The first 48 bits of the hash at the end of the chain, as a number.', () => witnessed?.hash.readUIntBE(0, 6) ?? 0)
  metrics.gauge('latchkey_audit_seal_lag_seconds', 'How long the oldest event that is not sealed has waited for it, as of the last look.', () => unsealedFor / 1000)
  return { start, stop, seal, tidy }

  /** Has this node seal, from now until `stop`. Nodes do not get in each other's way. */
  function start () {
    timer = setInterval(() => { working ??= work().finally(() => { working = null }) }, interval)
    timer.unref()
  }

  /** Ends it after the seal in hand. What is left is another node's, or the next start's. */
  async function stop () {
    isStopping = true
    clearInterval(timer)
    await working
  }

  async function work () {
    try {
      await look()
      if (unsealedFor >= patience) await seal()
      if (clock.monotonic() - tidiedAt >= tidyEvery) await tidy()
      isAway = false
    } catch (error) {
      // Said once: it goes on by itself as soon as Postgres is back.
      if (!isAway) log.warn({ err: error }, 'the audit trail cannot be sealed')
      isAway = true
    }
  }

  /** Seals all there is, unless another node is doing that. Returns how many events. */
  async function seal (): Promise<number> {
    let sealed = 0

    // Before anything is added to it: what has been sealed must still be what it was.
    await look()
    for (let isMore = true; isMore;) {
      const made = await database.begin(tx => sealBatch(tx, null))
      if (made) note(made)
      sealed += made?.events ?? 0
      isMore = made !== null && made.events === batchSize && !isStopping
    }
    tell()
    await look()
    if (unsealedFor >= overdue && !isOverdue) log.error({ seconds: Math.round(unsealedFor / 1000) }, 'audit events wait for their seal: does somebody hold the lock?')
    isOverdue = unsealedFor >= overdue
    return sealed
  }

  /** Makes the partitions of the coming months, and drops those of months that need not be kept any more. */
  async function tidy (now = new Date()) {
    tidiedAt = clock.monotonic()
    await store.makePartitions(monthsAhead)
    if (retention === null) return

    const keptFrom = await store.endOfMonthsBefore(new Date(now.getTime() - retention))
    if (!keptFrom) return

    await seal()
    const made = await database.begin(tx => sealBatch(tx, keptFrom.getTime() * 1000))
    if (made) note(made)
    tell()
    const dropped = await store.dropPartitions(keptFrom)
    if (dropped > 0) log.info({ before: keptFrom, partitions: dropped }, 'audit events have been dropped')
  }

  async function sealBatch (tx: Transaction, keptFrom: number | null): Promise<StoredSeal | null> {
    if (!await store.lock(tx)) return null

    const xid = await store.transaction(tx)
    const { last, ours } = await end(tx)
    const from = ours ?? nothingSealed
    const hasBegunAnew = BigInt(xid) < readSnapshot(from.snapshot).xmax
    const found = hasBegunAnew ? await store.leftOver(tx, from) : await store.unsealed(tx, from, batchSize)
    const announces = keptFrom !== null && keptFrom !== ours?.keptFrom
    if (found.events.length === 0 && !hasBegunAnew && !announces) return null

    const content = { ...contentOf(last, ours, xid, found), ...(announces && { keptFrom }) }
    if (hasBegunAnew) Object.assign(content, { ...nothingSealed, floor: content.lastId })
    else if (found.events.length === batchSize) Object.assign(content, stopAfter(found))

    const hash = hashSeal(content)
    const seal = { ...content, hash, ...signer.sign(hash) }
    await store.insert(tx, seal)
    await count(tx, found.events)
    return seal
  }

  // What stands at the end may be somebody else's, who may write a seal and not sign it. It stays, and what it
  // says counts for nothing: so nobody can make us believe that all has been sealed.
  async function end (query?: Transaction): Promise<{ last: StoredSeal | null, ours: StoredSeal | null }> {
    const last = await store.lastBefore(Number.MAX_SAFE_INTEGER, query)
    let ours = last
    for (let steps = 0; ours && !isOurs(ours); steps++) {
      if (steps === foreignAtMost) throw new Error(`none of the last ${foreignAtMost} seals was made under an ENCRYPTION_KEY that is listed`)
      ours = await store.lastBefore(ours.number, query)
    }
    if (last && !ours) throw new Error('no seal was made under an ENCRYPTION_KEY that is listed')
    return { last, ours }
  }

  function isOurs (seal: StoredSeal): boolean {
    return hashSeal(seal).equals(seal.hash) && signer.verify(seal.hash, seal.signature, seal.keyId) === true
  }

  function alarm (fields: object, message: string) {
    metrics.increment('audit_chain_breaks', {})
    log.error(fields, message)
  }

  function note (seal: StoredSeal) {
    const { number, events, total, hash } = seal
    metrics.increment('audit_sealed_events', {}, events)
    witnessed = { number, hash }
    reached = seal
    untold = { seal: number, events: total, head: hash.toString('hex') }
    if (clock.monotonic() - toldAt >= tellEvery) tell()
  }

  // Whoever keeps the logs elsewhere keeps with them what the chain must not fall behind.
  function tell () {
    if (!untold) return
    log.info(untold, 'the audit trail is sealed')
    untold = null
    toldAt = clock.monotonic()
  }

  async function look () {
    const { now, head, known } = await store.look(witnessed?.number ?? 0)

    if (witnessed && known?.equals(witnessed.hash) !== true) {
      alarm({ seal: witnessed.number, head: witnessed.hash.toString('hex') }, 'the audit chain has been cut off or rewritten: this seal is gone')
    }
    if (!head || witnessed?.hash.equals(head.hash) !== true) await follow()
    await judgeWait(now)
  }

  /** What another node has added, or somebody who is none. */
  async function follow () {
    const { last, ours } = await end()
    if (last && ours !== last) alarm({ seal: last.number }, 'the audit chain ends with a seal that nobody here has signed')
    witnessed = last && { number: last.number, hash: last.hash }
    reached = ours ?? nothingSealed
  }

  async function judgeWait (now: number) {
    const since = await store.unsealedSince(reached)
    unsealedFor = since === null ? 0 : Math.max(0, now - since.getTime())
  }
}

function contentOf (last: StoredSeal | null, ours: StoredSeal | null, xid: string, { snapshot, now, events }: Unsealed) {
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

/** Where a full batch ends: it may be in the midst of a transaction. */
function stopAfter ({ snapshot, events }: Unsealed) {
  const { xid, id } = events.at(-1) ?? { xid: '3', id: 0 }
  return { snapshot: cutSnapshot(snapshot, xid), through: id }
}
