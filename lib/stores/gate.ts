import { unavailable } from '../errors.ts'

/** What work hears of its caller. */
export interface Slot {
  /** Whether the caller has been answered, so that nothing more is to be sent. */
  readonly isOver: boolean
  /** Called once when that happens. */
  onOver: (() => void) | undefined
}

/** Lets only so much work go to one store at once, only so much wait, and none of it beyond its deadline. */
export type Gate = ReturnType<typeof createGate>

export interface GateOptions {
  /** Calls that may be under way at once. */
  concurrency: number
  /** Calls that may wait for their turn. */
  queueMax: number
  /** Milliseconds after which a caller is answered, whether the store has answered or not. */
  deadline: number
}

/**
 * A store that does not answer must neither keep a request waiting nor pile up work behind it. `pass`
 * throws `unavailable` at once when the queue is full and after the deadline otherwise; what waits then
 * is never begun, and what is under way is told that its turn is over. A place is free again when the
 * work has really ended, not when its caller has been answered.
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

  function pass<T> (work: (slot: Slot) => Promise<T>): Promise<T> {
    if (running >= concurrency && waiting.size >= queueMax) {
      return Promise.reject(unavailable(new Error('too many calls are waiting for the store')))
    }

    return new Promise<T>((resolve, reject) => {
      const slot = { isOver: false, onOver: undefined as (() => void) | undefined }
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
