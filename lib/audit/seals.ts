import type { Clock } from '../clock.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Database } from '../stores/database.ts'
import type { AuditPartitionStore } from './partition-store.ts'
import { createSealBatches, nothingSealed } from './seal-batches.ts'
import type { Continuation, SealBatchParts } from './seal-batches.ts'
import { createSealWatch } from './seal-watch.ts'
import type { SealLog } from './seal-watch.ts'
import type { AuditSealStore } from './seal-store.ts'
import type { UnsealedStore } from './unsealed-store.ts'

interface Parts extends Pick<SealBatchParts, 'signer' | 'isShutOut' | 'count'> {
  database: Pick<Database, 'begin'>
  store: SealBatchParts['store'] & Pick<AuditSealStore, 'readState'>
  unsealed: UnsealedStore
  partitions: AuditPartitionStore
  log: SealLog
  metrics: Metrics
  clock: Pick<Clock, 'monotonic'>
  /** Milliseconds that events are kept; null for ever. */
  retention: number | null
  /** With this many events a seal is full. */
  batchSize?: number
}

export type AuditSeals = ReturnType<typeof createAuditSeals>

/** Milliseconds from one look at the trail to the next. */
const lookIntervalMs = 1000
/** Milliseconds from one look after partitions and retention to the next. */
const tidyIntervalMs = 3_600_000
/** Months for which partitions are made in advance. */
const monthsAhead = 3

/**
 * Seals the trail into a hash chain, apart from the transactions that write it: they write a row and wait for
 * nothing. An event is unsealed if the last seal's snapshot does not see it. So nothing has to be remembered, a
 * node that dies leaves nothing half done, and any node can continue.
 */
export function createAuditSeals ({ batchSize = 2000, ...parts }: Parts) {
  const { database, partitions, retention, log, clock } = parts
  const batches = createSealBatches({ ...parts, batchSize })
  const watch = createSealWatch({ ...parts, batches })

  let tidiedAt = -Infinity
  let isAway = false
  let isStopping = false
  let timer: NodeJS.Timeout | undefined
  let working: Promise<void> | null = null

  return { start, stop, seal, tidy, continueChain }

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
      const { isDue, isRestored } = await watch.observe()
      if (isRestored) log.warn({}, 'the database was restored: its transactions are numbered anew, and a seal records it')
      if (isDue) await seal()
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
    await watch.observe()
    for (let isMore = true; isMore;) {
      const made = await sealBatch(null)
      sealed += made?.events ?? 0
      // The first seal after a restore covers old events only.
      isMore = made !== null && (made.events >= batchSize || made.isRestored) && !isStopping
    }
    watch.logHead()
    await watch.observe()
    watch.alarmIfOverdue()
    return sealed
  }

  /** Makes the partitions of the coming months, and drops those of months beyond the retention. */
  async function tidy () {
    tidiedAt = clock.monotonic()
    await partitions.make(monthsAhead)
    if (retention === null) return

    const owners = await partitions.retention()
    if (owners === null || owners > retention) {
      log.warn({}, 'AUDIT_RETENTION is shorter than the owner of the trail allows: run `latchkey migrate` with the same setting')
    }
    if (owners === null) return

    const keptFrom = await partitions.endOfMonthsOlderThan(Math.max(retention, owners))
    if (!keptFrom) return

    await seal()
    await sealBatch(keptFrom.getTime() * 1000)
    watch.logHead()
    const dropped = await partitions.drop(keptFrom)
    if (dropped > 0) log.info({ before: keptFrom, partitions: dropped }, 'audit events have been dropped')
  }

  /**
   * The operator's act after a key has leaked: lets the chain go on under the newest key. See
   * `SealBatches.continueChain`.
   */
  async function continueChain (): Promise<Continuation | null> {
    return await database.begin(tx => batches.continueChain(tx))
  }

  /** Makes one seal and returns how many events it covers; null if none was made. */
  async function sealBatch (keptFrom: number | null): Promise<{ events: number, isRestored: boolean } | null> {
    const made = await database.begin(tx => batches.make(tx, keptFrom))
    if (made) watch.note(made)
    return made && { events: made.events, isRestored: made.snapshot === nothingSealed.snapshot }
  }
}
