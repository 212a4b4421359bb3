import { currentContext, runPart } from '../context/work.ts'

/** Says for which flow the code that runs now works: whose share of the stores it takes. */
export type Flows = ReturnType<typeof createFlows>

/**
 * A flow is all work of one user, or without a user that of one session or network. The stores have a hundred
 * functions, called through many use cases, so the flow is not a parameter of them: it travels with the asynchronous
 * context of the request.
 */
export function createFlows () {
  return { runForUser, current }

  /** Runs work of a request upon a user's rows: it takes that user's share, whoever has sent the request. */
  function runForUser<T> (userId: string, work: () => T): T {
    return runPart({ user: userId }, work)
  }

  /** The flow of the code that runs now; null for the node's own work. */
  function current (): string | null {
    const context = currentContext()
    if (context === undefined || context.work.findFlow === null) return null
    return context.user ?? (context.work.flow ??= context.work.findFlow())
  }
}
