/** Two clocks, in milliseconds: one that only goes forward but may stop during sleep, and the device's time. */
export interface Clock { monotonic: () => number, wall: () => number }

export const deviceClock: Clock = { monotonic: () => performance.now(), wall: Date.now }

/**
 * Starts to count down; the function returned says how many milliseconds are left. The clock that has moved further
 * counts: the monotonic one when the device's time is set back, the device's time when the monotonic one has slept.
 */
export function countdown ({ monotonic, wall }: Clock, ms: number): () => number {
  const [monotonicEnd, wallEnd] = [monotonic() + ms, wall() + ms]
  return () => Math.min(monotonicEnd - monotonic(), wallEnd - wall())
}
