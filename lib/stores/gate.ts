import { unavailable } from '../errors.ts'

/** Tells work whether its caller has been answered. A true AbortSignal would cost more than all the rest here. */
export type Turn = Pick<AbortSignal, 'aborted' | 'throwIfAborted'>

/** Lets only so much work go to one store at once, only so much wait, and none of it beyond its deadline. */
export type Gate = ReturnType<typeof createGate>

export interface GateOptions {
  /** Calls that may be under way at once. */
  concurrency: number
  /** Calls that may wait for their turn. */
  queueMax: number
  /** Milliseconds after which a caller is answered, whether the store has answered or not. */
  deadline: number
  /** Called when a call has not ended so many milliseconds after its caller has been answered. */
  onStuck?: { after: number, do: () => void }
}

/**
 * A store that does not answer must neither keep a request waiting nor pile up work behind it. `pass`
 * throws `unavailable` at once when the queue is full and after the deadline otherwise; what waits then
 * is never begun, and what is under way has its turn aborted, so that it sends nothing more. A place
 * is free again when the work has really ended, not when its caller has been answered.
 */
export function createGate ({ concurrency, queueMax, deadline, onStuck }: GateOptions) {
  const waiting = new Set<() => void>()
  let running = 0

  return {
    pass,
    /** How many calls are under way. */
    get running () { return running },
    /** How many wait for their turn. */
    get waiting () { return waiting.size }
  }

  function pass<T> (work: (turn: Turn) => Promise<T>): Promise<T> {
    if (running >= concurrency && waiting.size >= queueMax) {
      return Promise.reject(unavailable(new Error('too many calls are waiting for the store')))
    }

    return new Promise<T>((resolve, reject) => {
      let aborted = false
      let stuck: NodeJS.Timeout | undefined
      const timer = setTimeout(giveUp, deadline)

      if (running < concurrency) begin()
      else waiting.add(begin)

      function begin () {
        running++
        work({ get aborted () { return aborted }, throwIfAborted }).then(resolve, reject).finally(end)
      }

      function end () {
        clearTimeout(timer)
        clearTimeout(stuck)
        running--
        const [next] = waiting
        if (next && waiting.delete(next)) next()
      }

      function throwIfAborted () {
        if (aborted) throw unavailable(new Error('whoever asked has been answered'))
      }

      function giveUp () {
        const wasWaiting = waiting.delete(begin)
        aborted = true
        reject(unavailable(new Error(`no answer within ${deadline} ms`)))
        if (onStuck && !wasWaiting) stuck = setTimeout(onStuck.do, onStuck.after)
      }
    })
  }
}
