import type { Test } from 'tap'

/**
 * What a limit says is left (s) of its window, which is as much as can be: it began after `began` (our clock, ms).
 */
export function secondsLeft (
  t: Test, { headers }: { headers: Record<string, unknown> }, began: number, windowSeconds = 900
): number {
  const left = Number(/;t=(\d+)$/.exec(String(headers['ratelimit']))?.[1])
  const passed = Math.ceil((performance.now() - began) / 1000)
  t.ok(left <= windowSeconds && left >= windowSeconds - passed, `${left} s are left after ${passed} s at most`)
  return left
}
