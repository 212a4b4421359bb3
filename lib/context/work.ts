import { AsyncLocalStorage } from 'node:async_hooks'
import type { Span } from '@opentelemetry/api'
import type { Turn } from '../queues/priority-queue.ts'

/** A request that is being answered, or a job that is being done. */
export interface Work {
  /** Whether it goes on. What it has begun and what is left afterwards (a timer, say) is the node's own work. */
  isOpen: boolean
  /** Finds the turn that it takes at the stores; null for the node's own work. Called once, if a store is asked. */
  readonly findTurn: (() => Turn) | null
  /** What `findTurn` has returned. */
  turn: Turn | null
  /** What each line of the log says that is written meanwhile: `request_id`, `trace_id`. */
  readonly log: Readonly<Record<string, string>>
}

/** What travels with the asynchronous context of work. */
export interface WorkContext {
  readonly work: Work
  /** The user whose rows are worked upon, if it is not for the sender of the request. */
  readonly user: string | null
  /** The span that is being recorded; null if none is. */
  readonly span: Span | null
}

// One for all nodes of a process, because each storage adds to the cost of every promise until the process ends.
const contexts = new AsyncLocalStorage<WorkContext>()

export function beginWork ({ findTurn = null, log = {} }: Partial<Pick<Work, 'findTurn' | 'log'>>): Work {
  return { isOpen: true, findTurn, turn: null, log }
}

export function endWork (work: Work) {
  work.isOpen = false
}

/** Runs a part of some work, in its context. */
export function runWork<T> (work: Work, span: Span | null, part: () => T): T {
  return contexts.run({ work, user: null, span }, part)
}

/** Runs a part of the current work for another user, or within another span. */
export function runPart<T> (changes: Partial<Pick<WorkContext, 'user' | 'span'>>, part: () => T): T {
  const context = contexts.getStore()
  return context === undefined ? part() : contexts.run({ ...context, ...changes }, part)
}

/** The context of the code that runs now; undefined for the node's own work. */
export function currentContext (): WorkContext | undefined {
  const context = contexts.getStore()
  return context?.work.isOpen === true ? context : undefined
}
