/**
 * Lets `perSecond` events through a second.
 * @param burst how many may come at once after a quiet time
 * @param now milliseconds of a monotonic clock
 */
export function createRateCap (perSecond: number, { burst = perSecond, now = () => performance.now() } = {}) {
  let left = burst
  let filledAt = now()

  /** Whether one more is within the limit. */
  return function take (): boolean {
    const time = now()
    left = Math.min(burst, left + (time - filledAt) / 1000 * perSecond)
    filledAt = time
    if (left < 1) return false
    left--
    return true
  }
}
