/** Two clocks, in milliseconds: one that only goes forward but may stop during sleep, and the device's time. */
export interface Clock { monotonic: () => number, wall: () => number }

export const deviceClock: Clock = { monotonic: () => performance.now(), wall: () => Date.now() }

/**
 * Starts to measure; the function returned says how many milliseconds have passed. The clock that has moved further
 * counts: the monotonic one when the device's time is set back, the device's time when the monotonic one has slept.
 */
export function stopwatch ({ monotonic, wall }: Clock): () => number {
  const [startedAt, startedOn] = [monotonic(), wall()]
  return () => Math.max(monotonic() - startedAt, wall() - startedOn)
}
