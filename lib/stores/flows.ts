import { AsyncLocalStorage } from 'node:async_hooks'

/** The flow of a request, found when it is first needed. */
export interface RequestFlow { find: (() => string) | null, name: string | null }

interface Context { request: RequestFlow, user: string | null }

// One for all nodes of a process, because each storage adds to the cost of every promise until the process ends.
const contexts = new AsyncLocalStorage<Context>()

/** Says for which flow the code that runs now works: whose share of the stores it takes. */
export type Flows = ReturnType<typeof createFlows>

/**
 * A flow is all work of one user, or without a user that of one session or network. The stores have a hundred
 * functions, called through many use cases, so the flow is not a parameter of them: it travels with the asynchronous
 * context of the request.
 */
export function createFlows () {
  return { open, close, run, runForUser, current }

  /** The flow of a request whose name `find` returns. It is called once, and only if a store is asked. */
  function open (find: () => string): RequestFlow {
    return { find, name: null }
  }

  /** The request has been answered. What it has begun and what still goes on (a timer, say) is the node's own work. */
  function close (request: RequestFlow) {
    request.find = null
    request.name = null
  }

  /** Runs work for a request. */
  function run<T> (request: RequestFlow, work: () => T): T {
    return contexts.run({ request, user: null }, work)
  }

  /** Runs work of a request upon a user's rows: it takes that user's share, whoever has sent the request. */
  function runForUser<T> (userId: string, work: () => T): T {
    const context = contexts.getStore()
    return context === undefined ? work() : contexts.run({ ...context, user: userId }, work)
  }

  /** The flow of the code that runs now; null for the node's own work. */
  function current (): string | null {
    const context = contexts.getStore()
    if (!context || context.request.find === null) return null
    return context.user ?? (context.request.name ??= context.request.find())
  }
}
