import { currentContext, runPart } from '../context/work.ts'
import type { Turn } from '../queues/priority-queue.ts'
import { ownTurn } from './gate.ts'

/** Says to which flow the code that runs now belongs: it takes that flow's turns at the stores, and uses its share. */
export type Flows = ReturnType<typeof createFlows>

/**
 * A flow is all work of one user, or without a user that of one session or network. The stores have a hundred
 * functions, called through many use cases, so the flow is not a parameter of them: it travels with the asynchronous
 * context of the request.
 */
export function createFlows () {
  return { runForUser, current }

  /**
   * Runs work of a request upon a user's rows: it takes that user's share, also if somebody else has sent the request.
   * Strangers who work upon them share among themselves.
   */
  function runForUser<T> (userId: string, work: () => T): T {
    return runPart({ user: userId }, work)
  }

  /** The turn of the code that runs now. */
  function current (): Turn {
    const context = currentContext()
    if (context === undefined || context.work.findTurn === null) return ownTurn
    const turn = context.work.turn ??= context.work.findTurn()
    return context.user === null ? turn : { ...turn, flow: context.user }
  }
}
