import type { Clock } from '../clock.ts'

export type CircuitBreaker = ReturnType<typeof createCircuitBreaker>

/**
 * Says whether a service that has failed `threshold` times in a row is worth another try: one every
 * `pause` milliseconds, until one succeeds. So nobody waits for what is known not to answer.
 */
export function createCircuitBreaker ({ threshold, pause, clock }: { threshold: number, pause: number, clock: Pick<Clock, 'now'> }) {
  let failures = 0
  let pausedAt = 0

  return { mayTry, note }

  /** True for everybody while the circuit is closed, and for the one who tries after a pause. */
  function mayTry (): boolean {
    if (failures < threshold) return true

    const now = clock.now()
    // A clock that was set back must not make the pause longer.
    if (Math.abs(now - pausedAt) < pause) return false
    pausedAt = now
    return true
  }

  /** Whoever has tried says how it went. */
  function note (hasSucceeded: boolean) {
    failures = hasSucceeded ? 0 : Math.min(failures + 1, threshold)
    if (!hasSucceeded) pausedAt = clock.now()
  }
}
