import type { Clock } from '../clock.ts'

export type CircuitBreaker = ReturnType<typeof createCircuitBreaker>

/**
 * Says whether a service may be tried. After `threshold` failures in a row it gets one try every `pauseMs`, until one
 * succeeds: so no request waits for a service that is known not to answer.
 */
export function createCircuitBreaker (
  { threshold, pauseMs, clock }: { threshold: number, pauseMs: number, clock: Pick<Clock, 'now'> }
) {
  let failures = 0
  let pausedAt = 0

  return { mayTry, note }

  /** True for every caller while the circuit is closed, and for the first one after a pause. */
  function mayTry (): boolean {
    if (failures < threshold) return true

    const now = clock.now()
    // A clock that was set back must not make the pause longer.
    if (Math.abs(now - pausedAt) < pauseMs) return false
    pausedAt = now
    return true
  }

  /** To be called after each try, with its outcome. */
  function note (hasSucceeded: boolean) {
    failures = hasSucceeded ? 0 : Math.min(failures + 1, threshold)
    if (!hasSucceeded) pausedAt = clock.now()
  }
}
