/** Lets `limit` events through a second, with a burst of as many. */
export function createRateCap (limit: number, now: () => number = () => performance.now()) {
  let left = limit
  let filledAt = now()

  /** Whether one more is within the limit. */
  return function take (): boolean {
    const time = now()
    left = Math.min(limit, left + (time - filledAt) / 1000 * limit)
    filledAt = time
    if (left < 1) return false
    left--
    return true
  }
}
