/** The time as one node sees it; handed in, so that tests can move it instead of waiting. */
export type Clock = ReturnType<typeof createClock>

/**
 * A clock over the system's.
 * `now()` is the wall clock in milliseconds since 1970, `monotonic()` counts milliseconds that no
 * adjustment of the system's clock moves, `offset` is how far a test has moved the wall clock
 * (0 in production): whoever compares with a time told by Redis or Postgres adds it to that time.
 */
export function createClock () {
  let offset = 0

  return {
    now: () => Date.now() + offset,
    monotonic: () => performance.now(),
    get offset () { return offset },
    /** Moves the wall clock forward by so many milliseconds. Only tests do. */
    advance (milliseconds: number) { offset += milliseconds }
  }
}
