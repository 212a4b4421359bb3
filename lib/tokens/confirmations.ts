import { createBoundedMap } from '../bounded-map.ts'
import type { Metrics } from '../operations/metrics.ts'

/** Tells Redis that the answer with a generation of a session's refresh token has reached its client. */
export type Confirm = (sessionId: string, generation: number) => Promise<void>

export type Confirmations = ReturnType<typeof createConfirmations>

/** When this many sessions wait, further ones are dropped: what is lost only leaves a session resumable. */
const waitingMax = 10_000
/** The most sessions whose last noted generation is remembered, so that it is told once. */
const rememberedMax = 10_000
/** The most calls of a flush at the same time: requests must find room beside them. */
const callsMax = 16
/** A flush begins no call after this time (ms); what is left waits for the next. */
const flushMaxMs = 2000

/**
 * Collects the generations of which this node sees an access token for the first time, and tells them later: the client
 * that shows such a token has received the answer with it. No request waits for that.
 */
export function createConfirmations (metrics: Pick<Metrics, 'increment'>) {
  const waiting = new Map<string, number>()
  const noted = createBoundedMap<string, number>(rememberedMax)
  let running: Promise<void> | null = null

  return { note, flush, get size () { return waiting.size } }

  /** Keeps the generation of an access token. One without it comes from an older version and confirms nothing. */
  function note ({ sid, gen }: { readonly sid: string, readonly gen?: number }) {
    if (gen === undefined || noted.get(sid) === gen) return
    if (waiting.size >= waitingMax && !waiting.has(sid)) {
      metrics.increment('confirmations', { outcome: 'dropped' })
      return
    }
    noted.set(sid, gen)
    waiting.set(sid, Math.max(gen, waiting.get(sid) ?? gen))
  }

  /** Tells everything that waits, within a bound of time. What fails keeps waiting. Throws what `confirm` throws. */
  function flush (confirm: Confirm): Promise<void> {
    running ??= tellAll(confirm).finally(() => { running = null })
    return running
  }

  async function tellAll (confirm: Confirm) {
    const until = performance.now() + flushMaxMs
    while (waiting.size && performance.now() < until) {
      await Promise.all([...waiting].slice(0, callsMax).map(([sid, gen]) => tell(confirm, sid, gen)))
    }
  }

  async function tell (confirm: Confirm, sid: string, gen: number) {
    await confirm(sid, gen)
    metrics.increment('confirmations', { outcome: 'told' })
    if (waiting.get(sid) === gen) waiting.delete(sid)
  }
}
