import { unavailable } from '../errors.ts'
import { createPriorityQueue } from '../queues/priority-queue.ts'
import type { Priority, Turn } from '../queues/priority-queue.ts'

/** What work learns about its caller while it runs. */
export interface Slot {
  /** Whether the caller has been answered, so that nothing more is to be sent. */
  readonly isOver: boolean
  /** Called once when that happens. */
  onOver: (() => void) | undefined
}

interface OpenSlot extends Slot { isOver: boolean }

interface Waiting { begin: () => void, refuse: () => void }

export interface GateOptions {
  /** The most calls that may be under way at once. */
  concurrency: number
  /** The most calls of one flow that may be under way at once; all by default. Not for the node's own work. */
  flowConcurrency?: number
  /** The most calls of all strangers together that may be under way at once; all by default. */
  strangerConcurrency?: number
  /** The most calls that may wait for their turn: see `createPriorityQueue`. */
  queueMax: number
  /** Milliseconds that a call may wait for its turn; by default `deadline`. */
  waitTimeoutMs?: number
  /** Milliseconds from the beginning of work until its caller is answered, whether the store has answered or not. */
  deadline: number
}

/** The turn of the node's own work. */
export const ownTurn: Turn = { priority: 'known', flow: null }

/**
 * Limits how much work goes to one store at once, how much waits, and how long a caller waits for it.
 *
 * A store that does not answer must neither keep a request waiting nor pile up work, and no flow (see `createFlows`)
 * may take the store for itself, nor may all strangers together: calls wait in a queue where known callers go first,
 * and when that is full, the flow that has most calls in it makes room. The time for waiting ends before work begins,
 * so work that begins has all of `deadline`. Work that is under way learns from its slot that its caller has been
 * answered. A slot becomes free when the work has really ended, not when its caller has been answered.
 */
export function createGate ({
  concurrency, flowConcurrency = concurrency, strangerConcurrency = concurrency, queueMax, deadline,
  waitTimeoutMs = deadline
}: GateOptions) {
  const waiting = createPriorityQueue<Waiting>(queueMax)
  const flowsRunning: Record<Priority, Map<string, number>> = { known: new Map(), stranger: new Map() }
  let running = 0
  let strangersRunning = 0

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
   * Does the work as soon as a slot is free and it is its turn; by default it is the node's own.
   * @throws Refusal `unavailable` at once if the queue is full, after `waitTimeoutMs` in the queue, and at the deadline
   */
  function pass<T> (work: (slot: Slot) => Promise<T>, turn: Turn = ownTurn): Promise<T> {
    if (running >= concurrency || !isReady(turn)) return waitForTurn(turn).then(() => run(work, turn))
    occupy(turn)
    return run(work, turn)
  }

  function waitForTurn (turn: Turn) {
    if (waiting.isFull(turn.priority)) {
      const displaced = waiting.displaceable(turn)
      if (!displaced) return Promise.reject(unavailable(new Error('too many calls are waiting for the store')))
      displaced.refuse()
    }

    return new Promise<void>((resolve, reject) => {
      const call = { begin, refuse }
      const timer = setTimeout(refuse, waitTimeoutMs)
      waiting.add(turn, call)

      function begin () {
        clearTimeout(timer)
        occupy(turn)
        resolve()
      }

      function refuse () {
        clearTimeout(timer)
        waiting.remove(turn, call)
        reject(unavailable(new Error('the store had no time for the call')))
      }
    })
  }

  function run<T> (work: (slot: Slot) => Promise<T>, turn: Turn) {
    return new Promise<T>((resolve, reject) => {
      const slot: OpenSlot = { isOver: false, onOver: undefined }
      const timer = setTimeout(giveUp, deadline)

      work(slot).then(
        result => { end(); resolve(result) },
        error => { end(); reject(error) }
      )

      function end () {
        clearTimeout(timer)
        vacate(turn)
        waiting.next(isReady)?.begin()
      }

      function giveUp () {
        slot.isOver = true
        reject(unavailable(new Error(`no answer within ${deadline} ms`)))
        slot.onOver?.()
      }
    })
  }

  function isReady ({ priority, flow }: Turn) {
    if (priority === 'stranger' && strangersRunning >= strangerConcurrency) return false
    return flow === null || (flowsRunning[priority].get(flow) ?? 0) < flowConcurrency
  }

  function occupy (turn: Turn) {
    count(turn, 1)
  }

  function vacate (turn: Turn) {
    count(turn, -1)
  }

  function count ({ priority, flow }: Turn, change: 1 | -1) {
    running += change
    if (priority === 'stranger') strangersRunning += change
    if (flow === null) return
    const ofFlow = (flowsRunning[priority].get(flow) ?? 0) + change
    if (ofFlow > 0) flowsRunning[priority].set(flow, ofFlow)
    else flowsRunning[priority].delete(flow)
  }
}
