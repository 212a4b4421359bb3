import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'

/** How many times longer everything may take while other processes wait for a processor all the time. */
const slowestFactor = 5

/**
 * Begins to measure. The returned function gives the milliseconds that have passed, as an idle machine would count
 * them: when other processes want the processors, the time is divided by up to five. So a test can set a time limit
 * that is exact on an idle machine.
 */
export function startStopwatch (): () => number {
  const started = performance.now()
  const before = pressure()

  return () => (performance.now() - started) / (1 + (slowestFactor - 1) * Math.max(before, pressure()))
}

/** The share of the last ten seconds in which a process waited for a processor; between 0 and 1. */
function pressure (): number {
  try {
    return Number(/^some avg10=([\d.]+)/.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1] ?? 0) / 100
  } catch {
    // On systems other than Linux: more than one process for each processor.
    return Math.min(1, Math.max(0, (loadavg()[0] ?? 0) / availableParallelism() - 1))
  }
}
