import type { Clock } from '../clock.ts'
import type { Rate } from '../config/config.ts'
import type { RateLimitStatus } from '../http/rate-limit-status.ts'

/** A window of one rate: when it began (ms since 1970) and how many requests it has counted. */
interface Window { since: number, used: number }

export type RequestLimits = ReturnType<typeof createRequestLimits>

/**
 * The general limit, in this node's memory. It needs no round trip and is not exact, because each node counts for
 * itself. A subject's window begins with its first request, and begins anew when it is over. No more than
 * `subjectsMax` subjects are remembered; those whose windows began first are forgotten first.
 */
export function createRequestLimits (rates: readonly Rate[], { clock, subjectsMax = 50_000 }: {
  clock: Pick<Clock, 'now'>
  subjectsMax?: number
}) {
  const windowMaxMs = Math.max(...rates.map(({ window }) => window))
  const bySubject = new Map<string, Window[]>()

  return { take, look, get size () { return bySubject.size } }

  /** Counts a request, unless one of the rates is used up. Returns the status of all rates. Asks no store. */
  function take (subject: string): RateLimitStatus {
    const now = clock.now()
    const windows = windowsOf(subject, now)
    const isWithin = rates.every(({ limit }, index) => (windows[index]?.used ?? 0) < limit)
    if (isWithin) for (const window of windows) window.used++

    return statusOf(windows, isWithin, now)
  }

  /** The status of all rates, without counting anything: whether `take` would count a request. */
  function look (subject: string): RateLimitStatus {
    const now = clock.now()
    const windows = bySubject.get(subject) ?? []
    const isWithin = rates.every(({ limit, window }, index) => {
      const { since, used } = windows[index] ?? { since: now, used: 0 }
      return used < limit || isOver(since, window, now)
    })
    return statusOf(windows, isWithin, now)
  }

  function statusOf (windows: Window[], isWithin: boolean, now: number): RateLimitStatus {
    return {
      policy: 'default',
      isWithin,
      counts: rates.map(({ limit, window }, index) => {
        const { since, used } = windows[index] ?? { since: now, used: 0 }
        return { limit, window, used, reset: since + window - now }
      })
    }
  }

  function windowsOf (subject: string, now: number): Window[] {
    const windows = bySubject.get(subject) ?? begin(subject, now)

    rates.forEach(({ window }, index) => {
      const own = windows[index]
      if (!own || !isOver(own.since, window, now)) return
      Object.assign(own, { since: now, used: 0 })
      if (window === windowMaxMs) keepLast(subject, windows)
    })
    return windows
  }

  function begin (subject: string, now: number): Window[] {
    forget(now)
    return keepLast(subject, rates.map(() => ({ since: now, used: 0 })))
  }

  function keepLast (subject: string, windows: Window[]): Window[] {
    bySubject.delete(subject)
    bySubject.set(subject, windows)
    return windows
  }

  // Each new subject removes up to two old ones, beginning with the one whose window began first: those whose windows
  // are over, and also one whose windows are not over if there are too many subjects.
  function forget (now: number) {
    let looks = 2
    for (const [subject, windows] of bySubject) {
      const areOver = windows.every(({ since }) => now - since >= windowMaxMs)
      if (!areOver && bySubject.size < subjectsMax) return
      bySubject.delete(subject)
      if (--looks === 0) return
    }
  }
}

/** A window is also over when the clock has gone back. */
function isOver (since: number, window: number, now: number) {
  return now - since >= window || now < since
}
