/** The time as one node sees it. It is passed in, so that tests can move it instead of waiting. */
export type Clock = ReturnType<typeof createClock>

/**
 * A clock over that of the system. `now()` is the wall clock in milliseconds since 1970. `monotonic()` counts
 * milliseconds, and adjustments of the system's clock do not change it. `offset` is how far a test has moved the wall
 * clock (ms, 0 in production): add it to a time of Redis or Postgres before comparing it with `now()`.
 */
export function createClock () {
  let offset = 0

  return {
    now: () => Date.now() + offset,
    monotonic: () => performance.now(),
    get offset () { return offset },
    /** Moves the wall clock forward. Only tests call it. */
    advance (milliseconds: number) { offset += milliseconds }
  }
}

/**
 * The clock of a node may differ by this much (ms) from that of Postgres. A node whose clock differs by more refuses
 * signed-in requests: it cannot judge what has expired. For Redis lib/stores/redis-scripts.ts has the same bound.
 */
export const clockSkewMaxMs = 15_000

/** A moment in both times (ms): the monotonic one and that of the system's wall clock, which no test moves. */
export interface Moment { monotonic: number, wall: number }

/** The present moment, for `elapsedSince`. */
export function momentOf (clock: Clock): Moment {
  return { monotonic: clock.monotonic(), wall: clock.now() - clock.offset }
}

/**
 * How many milliseconds have passed since `moment`: the more of what both clocks have counted. The monotonic one stands
 * still while a virtual machine is suspended, and the wall clock may have been put back.
 */
export function elapsedSince (moment: Moment, clock: Clock) {
  return Math.max(clock.monotonic() - moment.monotonic, clock.now() - clock.offset - moment.wall)
}
