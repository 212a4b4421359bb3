export type Random = ReturnType<typeof createRandom>

/** Random numbers that a seed determines (mulberry32). */
export function createRandom (seed: number) {
  let state = seed >>> 0

  return { next, below, chance, pick }

  function next () {
    state = (state + 0x6D2B79F5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  function below (limit: number) {
    return Math.floor(next() * limit)
  }

  function chance (probability: number) {
    return next() < probability
  }

  function pick<T> (things: readonly T[]): T {
    return things[below(things.length)] as T
  }
}
