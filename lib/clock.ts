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
