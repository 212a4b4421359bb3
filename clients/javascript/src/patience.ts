import { isUnintelligible, isUnreachable, Unreachable } from './errors.ts'

/** The longest wait for an answer, in milliseconds. It is below REFRESH_GRACE, so that a second try finds the first. */
export const deadlineMs = 10_000

/** Milliseconds to wait after the first and the second answer that was lost. */
const pausesMs = [0, 500]

/**
 * Tries again when no answer comes: at once, then after a pause. All tries together have one deadline.
 *
 * @param attempt is given the signal of the deadline, and must be safe to repeat
 * @throws Unreachable, and Unintelligible at once
 */
export async function persist<T> (attempt: (signal: AbortSignal) => Promise<T>, pauses = pausesMs): Promise<T> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), deadlineMs)
  try {
    return await tryFrom(0)
  } finally {
    clearTimeout(timer)
  }

  async function tryFrom (tries: number): Promise<T> {
    try {
      return await attempt(deadline.signal)
    } catch (cause) {
      const pause = pauses[tries]
      if (isUnintelligible(cause)) throw cause
      if (pause === undefined || deadline.signal.aborted) throw isUnreachable(cause) ? cause : new Unreachable(cause)
      await new Promise(resolve => setTimeout(resolve, pause))
      return await tryFrom(tries + 1)
    }
  }
}
