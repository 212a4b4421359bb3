import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'

/** How many times longer everything may take where somebody waits for a processor all the time. */
const slowestFactor = 5

/**
 * Begins to measure. The function it returns says how many milliseconds have passed, as a machine counts them
 * that has nothing else to do: where others want the processors, the time is divided by up to five. So a test
 * may say how long something takes at most and is exact on an idle machine.
 */
export function startStopwatch (): () => number {
  const started = performance.now()
  const before = pressure()

  return () => (performance.now() - started) / (1 + (slowestFactor - 1) * Math.max(before, pressure()))
}

/** The share of the last ten seconds in which somebody waited for a processor; between 0 and 1. */
function pressure (): number {
  try {
    return Number(/^some avg10=([\d.]+)/.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1] ?? 0) / 100
  } catch {
    // Elsewhere than on Linux: more than one process for each processor.
    return Math.min(1, Math.max(0, (loadavg()[0] ?? 0) / availableParallelism() - 1))
  }
}
