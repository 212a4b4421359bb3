import type { Clock } from '../clock.ts'

/**
 * A read that strangers can cause. It happens at most once in `everyMs` milliseconds (monotonic), however many callers
 * ask: all calls within that time share its outcome, also when it is an error.
 */
export function createSharedRead<T> (readStore: () => Promise<T>, { clock, everyMs }: {
  clock: Pick<Clock, 'monotonic'>
  everyMs: number
}) {
  let last: { outcome: Promise<T>, at: number } | null = null

  return { read, forget }

  /** The outcome of the last read, or of a new one. Throws the error of the store. */
  function read (): Promise<T> {
    const at = clock.monotonic()
    if (last === null || at - last.at >= everyMs) last = { outcome: readStore(), at }
    return last.outcome
  }

  /** Makes the next `read` ask the store, because this node knows that something is newer. */
  function forget () {
    last = null
  }
}
