import { unavailable } from '../errors.ts'

/** What work learns about its caller while it runs. */
export interface Slot {
  /** Whether the caller has been answered, so that nothing more is to be sent. */
  readonly isOver: boolean
  /** Called once when that happens. */
  onOver: (() => void) | undefined
}

interface OpenSlot extends Slot { isOver: boolean }

/** Limits how much work goes to one store at once, how much waits, and how long a caller waits for it. */
export type Gate = ReturnType<typeof createGate>

export interface GateOptions {
  /** The most calls that may be under way at once. */
  concurrency: number
  /** The most calls that may wait for their turn. */
  queueMax: number
  /** Milliseconds after which a caller is answered, whether the store has answered or not. */
  deadline: number
}

/**
 * A store that does not answer must neither keep a request waiting nor pile up work. Work that still waits at its
 * deadline is never begun. Work that is under way learns from its slot that its caller has been answered. A slot
 * becomes free when the work has really ended, not when its caller has been answered.
 */
export function createGate ({ concurrency, queueMax, deadline }: GateOptions) {
  const waiting = new Set<() => void>()
  let running = 0

  return {
    pass,
    /** How many calls are under way. */
    get running () { return running },
    /** How many wait for their turn. */
    get waiting () { return waiting.size }
  }

  /**
   * Does the work as soon as a slot is free.
   * @throws Refusal `unavailable` at once if the queue is full, and at the deadline
   */
  function pass<T> (work: (slot: Slot) => Promise<T>): Promise<T> {
    if (running >= concurrency && waiting.size >= queueMax) {
      return Promise.reject(unavailable(new Error('too many calls are waiting for the store')))
    }

    return new Promise<T>((resolve, reject) => {
      const slot: OpenSlot = { isOver: false, onOver: undefined }
      const timer = setTimeout(giveUp, deadline)

      if (running < concurrency) begin()
      else waiting.add(begin)

      function begin () {
        running++
        work(slot).then(resolve, reject).finally(end)
      }

      function end () {
        clearTimeout(timer)
        running--
        const [next] = waiting
        if (next && waiting.delete(next)) next()
      }

      function giveUp () {
        waiting.delete(begin)
        slot.isOver = true
        reject(unavailable(new Error(`no answer within ${deadline} ms`)))
        slot.onOver?.()
      }
    })
  }
}
