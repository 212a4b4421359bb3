/** The time of this process (ms). Its monotonic clock is the only one that is trusted: it is never set. */
export interface Clock { monotonic (): number }

export const systemClock: Clock = { monotonic: () => performance.now() }
