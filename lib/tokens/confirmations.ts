import { createBoundedMap } from '../bounded-map.ts'
import type { Metrics } from '../operations/metrics.ts'

/** An access token that was seen: its session, and the generation of the refresh token that was issued with it. */
export interface Confirmation {
  sessionId: string
  generation: number
  /** When the access token was issued: whole seconds, in milliseconds since 1970. */
  issuedAt: number
}

type Tell = (confirmation: Confirmation) => Promise<void>

export type Confirmations = ReturnType<typeof createConfirmations>

/** When this many wait, further ones are dropped: what is lost only leaves a session resumable. */
const waitingMax = 10_000
/** The most generations that are remembered as noted, so that each is told once. */
const rememberedMax = 10_000
/** The most calls of a flush at the same time: requests must find room beside them. */
const callsMax = 16
/** A flush begins no call after this time (ms); what is left waits for the next. */
const flushMaxMs = 2000

/**
 * Collects the generations of which this node sees an access token for the first time, and tells them later: a client
 * that shows such a token has received the answer with it. No request waits for that.
 */
export function createConfirmations (metrics: Pick<Metrics, 'increment'>) {
  const waiting = new Map<string, Confirmation>()
  const noted = createBoundedMap<string, true>(rememberedMax)
  let running: Promise<void> | null = null

  return { note, flush, get size () { return waiting.size } }

  /** Keeps the generation of an access token. One without it comes from an older version and confirms nothing. */
  function note ({ sid, gen, iat }: { readonly sid: string, readonly gen?: number, readonly iat: number }) {
    const key = `${sid} ${gen}`
    if (gen === undefined || noted.get(key)) return
    if (waiting.size >= waitingMax) {
      metrics.increment('confirmations', { outcome: 'dropped' })
      return
    }
    noted.set(key, true)
    waiting.set(key, { sessionId: sid, generation: gen, issuedAt: iat * 1000 })
  }

  /**
   * Tells what waits, within a bound of time. What fails keeps waiting and keeps nothing else from being told.
   * @throws the first of the errors that `tell` throws
   */
  function flush (tell: Tell): Promise<void> {
    running ??= tellAll(tell).finally(() => { running = null })
    return running
  }

  async function tellAll (tell: Tell) {
    const until = performance.now() + flushMaxMs
    const all = [...waiting]
    const outcomes: PromiseSettledResult<void>[] = []
    for (let from = 0; from < all.length && performance.now() < until; from += callsMax) {
      const next = all.slice(from, from + callsMax)
      outcomes.push(...await Promise.allSettled(next.map(([key, confirmation]) => tellOne(tell, key, confirmation))))
    }

    const failed = outcomes.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  async function tellOne (tell: Tell, key: string, confirmation: Confirmation) {
    await tell(confirmation)
    metrics.increment('confirmations', { outcome: 'told' })
    waiting.delete(key)
  }
}
