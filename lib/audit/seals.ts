import type { Clock } from '../clock.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Database, Transaction } from '../stores/database.ts'
import { cutSnapshot, encodeLeaves, genesis, hashEvent, hashSeal, readSnapshot } from './chain.ts'
import type { StoredSeal } from './chain.ts'
import type { StoredEvent } from './event.ts'
import type { AuditPartitionStore } from './partition-store.ts'
import type { AuditSealStore } from './seal-store.ts'
import type { SealSigner } from './signatures.ts'
import type { Reached, Unsealed, UnsealedStore } from './unsealed-store.ts'

interface Parts {
  database: Pick<Database, 'begin'>
  store: Pick<AuditSealStore, 'lock' | 'transaction' | 'lastBefore' | 'insert' | 'look'>
  unsealed: UnsealedStore
  partitions: AuditPartitionStore
  signer: Pick<SealSigner, 'sign' | 'verify'>
  log: Record<'info' | 'warn' | 'error', (fields: object, message: string) => void>
  metrics: Metrics
  clock: Pick<Clock, 'monotonic'>
  /** Called in the transaction of each seal with the events that it covers. Every event comes once. */
  count: (tx: Transaction, events: StoredEvent[]) => Promise<void>
  /** Milliseconds that events are kept; null for ever. */
  retention: number | null
  /** The most events of one seal. */
  batchSize?: number
}

export type AuditSeals = ReturnType<typeof createAuditSeals>

/** Milliseconds from one look at the trail to the next. */
const lookIntervalMs = 1000
/** The age at which the oldest unsealed event causes a seal: a seal of many events costs what a seal of one does. */
const sealAfterMs = 2000
/** An event that waits longer than this raises an alarm: something keeps every node from sealing. */
const overdueAfterMs = 30_000
/** While there is much to seal, the head is logged no more often than this. */
const logIntervalMs = 1000
/** Milliseconds from one look after partitions and retention to the next. */
const tidyIntervalMs = 3_600_000
/** Months for which partitions are made in advance. */
const monthsAhead = 3
/** How many seals at the end of the chain may be somebody else's before a node gives up. */
const foreignSealsMax = 1000

/** Before the first seal no event is covered: 3 is the first transaction number that Postgres gives. */
const nothingSealed: Reached = { snapshot: '3:3:', through: null, floor: 0 }

/**
 * Seals the trail into a hash chain, apart from the transactions that write it: they write a row and wait for
 * nothing. An event is unsealed if the last seal's snapshot does not see it. So nothing has to be remembered, a
 * node that dies leaves nothing half done, and any node can continue.
 */
export function createAuditSeals (parts: Parts) {
  const { database, store, unsealed, partitions, signer, count, retention, batchSize = 2000 } = parts
  const { log, metrics, clock } = parts

  /** The last seal that this node knows of. It must stay in the chain. */
  let witnessed: { number: number, hash: Buffer } | null = null
  /** How far the chain reaches with that seal. */
  let reached: Reached = nothingSealed
  let unsealedForMs = 0
  let loggedAt = -Infinity
  let unlogged: { seal: number, events: number, head: string } | null = null
  let tidiedAt = -Infinity
  let isAway = false
  let isOverdue = false
  let isStopping = false
  let timer: NodeJS.Timeout | undefined
  let working: Promise<void> | null = null

  metrics.gauge(
    'latchkey_audit_chain_length',
    'Seals in the chain of the audit trail.',
    () => witnessed?.number ?? 0
  )
  metrics.gauge(
    'latchkey_audit_chain_head',
    'The first 48 bits of the hash at the end of the chain, as a number.',
    () => witnessed?.hash.readUIntBE(0, 6) ?? 0
  )
  metrics.gauge(
    'latchkey_audit_seal_lag_seconds',
    'How long the oldest event that is not sealed has waited for it, as of the last look.',
    () => unsealedForMs / 1000
  )
  return { start, stop, seal, tidy }

  /** Lets this node seal from now until `stop`. Several nodes may do so: a lock lets one seal at a time. */
  function start () {
    timer = setInterval(() => { working ??= work().finally(() => { working = null }) }, lookIntervalMs)
    timer.unref()
  }

  /** Ends it after the seal that is being made. Another node, or the next start, seals what is left. */
  async function stop () {
    isStopping = true
    clearInterval(timer)
    await working
  }

  async function work () {
    try {
      await look()
      if (unsealedForMs >= sealAfterMs) await seal()
      if (clock.monotonic() - tidiedAt >= tidyIntervalMs) await tidy()
      isAway = false
    } catch (error) {
      // Logged once: sealing continues by itself as soon as Postgres answers again.
      if (!isAway) log.warn({ err: error }, 'the audit trail cannot be sealed')
      isAway = true
    }
  }

  /** Seals all events, unless another node is doing that. Returns how many. */
  async function seal (): Promise<number> {
    let sealed = 0

    // The chain must still be as we knew it, before anything is added to it.
    await look()
    for (let isMore = true; isMore;) {
      const made = await database.begin(tx => sealBatch(tx, null))
      if (made) note(made)
      sealed += made?.events ?? 0
      isMore = made !== null && made.events === batchSize && !isStopping
    }
    logHead()
    await look()
    alarmIfOverdue()
    return sealed
  }

  /** Makes the partitions of the coming months, and drops those of months beyond the retention. */
  async function tidy (now = new Date()) {
    tidiedAt = clock.monotonic()
    await partitions.make(monthsAhead)
    if (retention === null) return

    const keptFrom = await partitions.endOfMonthsBefore(new Date(now.getTime() - retention))
    if (!keptFrom) return

    await seal()
    const made = await database.begin(tx => sealBatch(tx, keptFrom.getTime() * 1000))
    if (made) note(made)
    logHead()
    const dropped = await partitions.drop(keptFrom)
    if (dropped > 0) log.info({ before: keptFrom, partitions: dropped }, 'audit events have been dropped')
  }

  async function sealBatch (tx: Transaction, keptFrom: number | null): Promise<StoredSeal | null> {
    if (!await store.lock(tx)) return null

    const xid = await store.transaction(tx)
    const { last, ours } = await end(tx)
    const from = ours ?? nothingSealed
    const hasBegunAnew = BigInt(xid) < readSnapshot(from.snapshot).xmax
    const found = await (hasBegunAnew ? unsealed.leftOver(tx, from) : unsealed.unsealed(tx, from, batchSize))
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

  // The last seal may be somebody else's: a forger may write a seal but cannot sign it. It stays in the table and its
  // content is ignored, so nobody can make us believe that everything has been sealed.
  async function end (query?: Transaction): Promise<{ last: StoredSeal | null, ours: StoredSeal | null }> {
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

  function alarm (fields: object, message: string) {
    metrics.increment('audit_chain_breaks', {})
    log.error(fields, message)
  }

  function alarmIfOverdue () {
    const wasOverdue = isOverdue
    isOverdue = unsealedForMs >= overdueAfterMs
    if (!isOverdue || wasOverdue) return
    log.error(
      { seconds: Math.round(unsealedForMs / 1000) },
      'audit events wait for their seal: does somebody hold the lock?'
    )
  }

  function note (seal: StoredSeal) {
    const { number, events, total, hash } = seal
    metrics.increment('audit_sealed_events', {}, events)
    witnessed = { number, hash }
    reached = seal
    unlogged = { seal: number, events: total, head: hash.toString('hex') }
    if (clock.monotonic() - loggedAt >= logIntervalMs) logHead()
  }

  // A deployment that ships its logs elsewhere ships the heads with them: a chain that lacks one was cut off.
  function logHead () {
    if (!unlogged) return
    log.info(unlogged, 'the audit trail is sealed')
    unlogged = null
    loggedAt = clock.monotonic()
  }

  async function look () {
    const { now, head, known } = await store.look(witnessed?.number ?? 0)

    if (witnessed && known?.equals(witnessed.hash) !== true) {
      alarm(
        { seal: witnessed.number, head: witnessed.hash.toString('hex') },
        'the audit chain has been cut off or rewritten: this seal is gone'
      )
    }
    if (!head || witnessed?.hash.equals(head.hash) !== true) await follow()
    await judgeWait(now)
  }

  /** Takes over what another node has added to the chain, and raises an alarm if it was not a node. */
  async function follow () {
    const { last, ours } = await end()
    if (last && ours !== last) {
      alarm({ seal: last.number }, 'the audit chain ends with a seal that nobody here has signed')
    }
    witnessed = last && { number: last.number, hash: last.hash }
    reached = ours ?? nothingSealed
  }

  async function judgeWait (now: number) {
    const since = await unsealed.unsealedSince(reached)
    unsealedForMs = since === null ? 0 : Math.max(0, now - since.getTime())
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
