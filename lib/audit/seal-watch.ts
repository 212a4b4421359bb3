import type { Clock } from '../clock.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { StoredSeal } from './chain.ts'
import { nothingSealed } from './seal-batches.ts'
import type { SealBatches } from './seal-batches.ts'
import type { AuditSealStore } from './seal-store.ts'
import type { Reached, UnsealedStore } from './unsealed-store.ts'

export type SealLog = Record<'info' | 'warn' | 'error', (fields: object, message: string) => void>

export interface SealWatchParts {
  store: Pick<AuditSealStore, 'readState'>
  unsealed: Pick<UnsealedStore, 'unsealedSince' | 'hasBegunAnew' | 'firstSince'>
  batches: Pick<SealBatches, 'end'>
  log: SealLog
  metrics: Metrics
  clock: Pick<Clock, 'monotonic'>
}

/** What a look at the trail has shown. */
export interface Observation {
  /** Whether it is time for a seal. */
  isDue: boolean
  /** Whether the numbers of transactions have begun anew, which a seal must record before anything else. */
  isRestored: boolean
}

/** The age (ms) at which the oldest unsealed event causes a seal, while there are few seals. */
const quickSealMs = 2000
/** This many seals may be made quickly within `quickWindowMs`. */
const quickSeals = 10
const quickWindowMs = 200_000
/**
 * The age (ms) while that number is used up. A seal of many events takes as much room and time to verify as one of one
 * event, so where something happens every second there are about 4,300 seals a day, and not one a second.
 */
const busySealMs = 20_000

/** An event that waits longer than this raises an alarm: something keeps every node from sealing. */
const overdueAfterMs = 30_000
/** While there is much to seal, the head is logged no more often than this. */
const logIntervalMs = 1000

/**
 * What a node remembers of the chain: the end that it has seen, which must stay in the chain, and how long events wait
 * for their seal. It raises the alarms, logs the heads and measures both.
 */
export function createSealWatch ({ store, unsealed, batches, log, metrics, clock }: SealWatchParts) {
  /** The last seal that this node knows of. It must stay in the chain. */
  let witnessed: { number: number, hash: Buffer } | null = null
  /** How far the chain reaches with that seal. */
  let reached: Reached = nothingSealed
  let unsealedForMs = 0
  /** Since when (ms, monotonic) the end of the chain could not be read or continued; null while it can. */
  let failingSince: number | null = null
  let isOverdue = false
  let loggedAt = -Infinity
  let unlogged: { seal: number, events: number, head: string } | null = null

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
    'How long the oldest event that is not sealed has waited for it as of the last look, or how long no look succeeds.',
    () => Math.max(unsealedForMs, failingSince === null ? 0 : clock.monotonic() - failingSince) / 1000
  )
  return { observe, note, logHead, alarmIfOverdue }

  /**
   * Reads the end of the chain, and raises an alarm if the seal that this node knows is not there any more.
   * @throws Error if this node cannot continue the chain; the measured wait grows until it can
   */
  async function observe (): Promise<Observation> {
    try {
      const observation = await look()
      failingSince = null
      return observation
    } catch (error) {
      failingSince ??= clock.monotonic()
      throw error
    }
  }

  async function look (): Promise<Observation> {
    const { now, head, known, earlier } = await store.readState(witnessed?.number ?? 0, quickSeals - 1)

    if (witnessed && known?.equals(witnessed.hash) !== true) {
      alarm(
        { seal: witnessed.number, head: witnessed.hash.toString('hex') },
        'the audit chain has been cut off or rewritten: this seal is gone'
      )
    }
    if (!head || witnessed?.hash.equals(head.hash) !== true) await follow()
    const isRestored = await unsealed.hasBegunAnew(reached)
    const since = isRestored ? await unsealed.firstSince(reached.lastId) : await unsealed.unsealedSince(reached)
    unsealedForMs = since === null ? 0 : Math.max(0, now - since.getTime())
    const isBusy = earlier !== null && now - earlier < quickWindowMs
    return { isDue: isRestored || unsealedForMs >= (isBusy ? busySealMs : quickSealMs), isRestored }
  }

  /** Takes over what another node has added to the chain, and raises an alarm if it was not a node. */
  async function follow () {
    const { last, ours } = await batches.end()
    if (last && ours !== last) {
      alarm({ seal: last.number }, 'the audit chain ends with a seal that nobody here has signed')
    }
    witnessed = last && { number: last.number, hash: last.hash }
    reached = ours ?? nothingSealed
  }

  /** Remembers a seal that this node has added to the chain. Call it after the commit. */
  function note (seal: StoredSeal) {
    const { number, events, total, hash } = seal
    metrics.increment('audit_sealed_events', {}, events)
    witnessed = { number, hash }
    reached = seal
    unlogged = { seal: number, events: total, head: hash.toString('hex') }
    if (clock.monotonic() - loggedAt >= logIntervalMs) logHead()
  }

  /**
   * Logs the last seal that was noted, once. A deployment that ships its logs elsewhere ships the heads with them: a
   * chain that lacks one was cut off.
   */
  function logHead () {
    if (!unlogged) return
    log.info(unlogged, 'the audit trail is sealed')
    unlogged = null
    loggedAt = clock.monotonic()
  }

  /** Raises an alarm when events begin to be overdue, and only then. */
  function alarmIfOverdue () {
    const wasOverdue = isOverdue
    isOverdue = unsealedForMs >= overdueAfterMs
    if (!isOverdue || wasOverdue) return
    log.error(
      { seconds: Math.round(unsealedForMs / 1000) },
      'audit events wait for their seal: does somebody hold the lock?'
    )
  }

  function alarm (fields: object, message: string) {
    metrics.increment('audit_chain_breaks', {})
    log.error(fields, message)
  }
}
