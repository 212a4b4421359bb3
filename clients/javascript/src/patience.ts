import { isUnintelligible, unreachable } from './errors.ts'

/** The longest wait for an answer, in milliseconds. It is below REFRESH_GRACE, so that a second try finds the first. */
const deadlineMs = 10_000

/** Milliseconds to wait after the first and the second answer that was lost. */
const pausesMs = [0, 500]

/**
 * Tries again when no answer comes: at once, then after a pause. All tries together have one deadline.
 *
 * @param attempt is given the signal of the deadline, and must be safe to repeat
 * @throws Unreachable, and Unintelligible at once
 */
export async function persist<T> (attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return await beforeDeadline(async signal => {
    for (let tries = 0; ; tries++) {
      try {
        return await attempt(signal)
      } catch (error) {
        if (isUnintelligible(error)) throw error
        if (signal.aborted || tries === pausesMs.length) throw unreachable(error)
        await new Promise(resolve => setTimeout(resolve, pausesMs[tries]))
      }
    }
  })
}

/**
 * Does work until the deadline. Then its signal gives it up, and nobody waits for it any more: some platforms have a
 * `fetch` that does not listen to a signal.
 *
 * @throws Unreachable after the deadline
 */
export async function beforeDeadline<T> (work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController()
  let timer
  const late = new Promise(resolve => { timer = setTimeout(resolve, deadlineMs) }).then(() => {
    deadline.abort()
    throw unreachable()
  })
  try {
    return await Promise.race([work(deadline.signal), late])
  } finally {
    clearTimeout(timer)
  }
}
