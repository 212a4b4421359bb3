import { unavailable } from '../errors.ts'

/** Lets only so much work wait for one store, and none of it longer than its deadline. */
export type Gate = ReturnType<typeof createGate>

/**
 * A store that does not answer must neither keep a request waiting nor pile up work behind it:
 * `pass` refuses at once when `limit` calls are still unfinished, and after `deadline` milliseconds
 * it refuses and aborts the signal that it gave the work, so that what has not been sent by then is
 * not sent any more. Both refusals are `unavailable`. A slot is free again when the work has really
 * ended, not when its caller has been answered.
 */
export function createGate ({ limit, deadline }: { limit: number, deadline: number }) {
  let unfinished = 0

  return {
    pass,
    /** How many calls have been sent or wait to be. */
    get unfinished () { return unfinished }
  }

  async function pass<T> (work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (unfinished >= limit) throw unavailable(new Error(`${limit} calls are waiting for the store`))

    const abort = new AbortController()
    unfinished++
    const done = work(abort.signal).finally(() => { unfinished-- })

    return await new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        abort.abort()
        reject(unavailable(new Error(`no answer within ${deadline} ms`)))
      }, deadline)

      done.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }
}
