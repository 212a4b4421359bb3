/**
 * The times of this process (ms). The monotonic clock is never set, but stands still while the machine is suspended.
 * The wall clock may be wrong: only how far it moves between two moments counts.
 */
export interface Clock { monotonic (): number, wall (): number }

export const systemClock: Clock = { monotonic: () => performance.now(), wall: () => Date.now() }
