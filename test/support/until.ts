import { setTimeout as pause } from 'node:timers/promises'
import { startStopwatch } from './stopwatch.ts'

/**
 * Waits for a condition and returns how many milliseconds that took.
 * @throws Error when it takes longer than allowed (ms, as an idle machine would count them); `explain` says more
 */
export async function until (condition: () => unknown, limitMs = 5000, explain: () => string = () => '', pollMs = 10) {
  const passed = startStopwatch()
  while (!await condition()) {
    if (passed() > limitMs) throw new Error(`not within ${limitMs} ms: ${condition} ${explain()}`)
    await pause(pollMs)
  }
  return Math.round(passed())
}
