import { unavailable } from '../errors.ts'
import { createFairQueue } from '../fair-queue.ts'

/** What work learns about its caller while it runs. */
export interface Slot {
  /** Whether the caller has been answered, so that nothing more is to be sent. */
  readonly isOver: boolean
  /** Called once when that happens. */
  onOver: (() => void) | undefined
}

interface OpenSlot extends Slot { isOver: boolean }

interface Turn { begin: () => void, refuse: () => void }

/** Limits how much work goes to one store at once, how much waits, and how long a caller waits for it. */
export type Gate = ReturnType<typeof createGate>

export interface GateOptions {
  /** The most calls that may be under way at once. */
  concurrency: number
  /** The most calls of one flow that may be under way at once; all by default. Not for the node's own work. */
  flowConcurrency?: number
  /** The most calls that may wait for their turn. */
  queueMax: number
  /** Milliseconds that a call may wait for its turn; by default `deadline`. */
  waitTimeoutMs?: number
  /** Milliseconds from the beginning of work until its caller is answered, whether the store has answered or not. */
  deadline: number
}

/**
 * A store that does not answer must neither keep a request waiting nor pile up work, and no flow (see `createFlows`)
 * may take the store for itself: calls wait in a fair queue, and when that is full, the flow that has most calls in it
 * makes room. The time for waiting ends before work begins, so work that begins has all of `deadline`. Work that is
 * under way learns from its slot that its caller has been answered. A slot becomes free when the work has really ended,
 * not when its caller has been answered.
 */
export function createGate ({
  concurrency, flowConcurrency = concurrency, queueMax, deadline, waitTimeoutMs = deadline
}: GateOptions) {
  const waiting = createFairQueue<Turn>()
  const runningByFlow = new Map<string, number>()
  let running = 0

  return {
    pass,
    /** How many calls are under way. */
    get running () { return running },
    /** How many wait for their turn. */
    get waiting () { return waiting.size },
    /** How many flows have calls that wait. */
    get flowsWaiting () { return waiting.flows }
  }

  /**
   * Does the work as soon as a slot is free and it is the turn of its flow; null is the node's own work.
   * @throws Refusal `unavailable` at once if the queue is full, after `waitTimeoutMs` in the queue, and at the deadline
   */
  function pass<T> (work: (slot: Slot) => Promise<T>, flow: string | null = null): Promise<T> {
    if (running >= concurrency || !isReady(flow)) return waitForTurn(flow).then(() => run(work, flow))
    occupy(flow)
    return run(work, flow)
  }

  function waitForTurn (flow: string | null) {
    if (waiting.size >= queueMax) {
      const displaced = waiting.displaceable(flow)
      if (!displaced) return Promise.reject(unavailable(new Error('too many calls are waiting for the store')))
      displaced.refuse()
    }

    return new Promise<void>((resolve, reject) => {
      const turn = { begin, refuse }
      const timer = setTimeout(refuse, waitTimeoutMs)
      waiting.add(flow, turn)

      function begin () {
        clearTimeout(timer)
        occupy(flow)
        resolve()
      }

      function refuse () {
        clearTimeout(timer)
        waiting.remove(flow, turn)
        reject(unavailable(new Error('the store had no time for the call')))
      }
    })
  }

  function run<T> (work: (slot: Slot) => Promise<T>, flow: string | null) {
    return new Promise<T>((resolve, reject) => {
      const slot: OpenSlot = { isOver: false, onOver: undefined }
      const timer = setTimeout(giveUp, deadline)

      work(slot).then(
        result => { end(); resolve(result) },
        error => { end(); reject(error) }
      )

      function end () {
        clearTimeout(timer)
        vacate(flow)
        waiting.next(isReady)?.begin()
      }

      function giveUp () {
        slot.isOver = true
        reject(unavailable(new Error(`no answer within ${deadline} ms`)))
        slot.onOver?.()
      }
    })
  }

  function isReady (flow: string | null) {
    return flow === null || (runningByFlow.get(flow) ?? 0) < flowConcurrency
  }

  function occupy (flow: string | null) {
    running++
    if (flow !== null) runningByFlow.set(flow, (runningByFlow.get(flow) ?? 0) + 1)
  }

  function vacate (flow: string | null) {
    running--
    if (flow === null) return
    const left = (runningByFlow.get(flow) ?? 0) - 1
    if (left > 0) runningByFlow.set(flow, left)
    else runningByFlow.delete(flow)
  }
}
