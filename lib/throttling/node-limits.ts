import type { Clock } from '../clock.ts'
import type { Rate } from '../config/config.ts'
import type { RateLimitStatus } from '../http/rate-limit-status.ts'

interface Window { since: number, used: number }

export type RequestLimits = ReturnType<typeof createRequestLimits>

/**
 * The general limit, in this node's memory: no round trip, so not exact. A subject's window begins with
 * its first request and starts anew when it is over; each node counts for itself. No more than `most`
 * subjects are remembered; the ones whose windows began first are forgotten first.
 */
export function createRequestLimits (rates: readonly Rate[], { clock, most = 50_000 }: { clock: Pick<Clock, 'now'>, most?: number }) {
  const longest = Math.max(...rates.map(({ window }) => window))
  const bySubject = new Map<string, Window[]>()

  return { take, get size () { return bySubject.size } }

  /** Counts a request, unless one of the rates is used up. Asks no store. */
  function take (subject: string): RateLimitStatus {
    const now = clock.now()
    const windows = windowsOf(subject, now)
    const isWithin = rates.every(({ limit }, place) => (windows[place]?.used ?? 0) < limit)
    if (isWithin) for (const window of windows) window.used++

    return {
      policy: 'default',
      isWithin,
      counts: rates.map(({ limit, window }, place) => {
        const { since, used } = windows[place] ?? { since: now, used: 0 }
        return { limit, window, used, reset: since + window - now }
      })
    }
  }

  function windowsOf (subject: string, now: number): Window[] {
    const windows = bySubject.get(subject) ?? begin(subject, now)

    rates.forEach(({ window }, place) => {
      const own = windows[place]
      // Also when the clock has gone back.
      if (!own || (now - own.since < window && now >= own.since)) return
      Object.assign(own, { since: now, used: 0 })
      if (window === longest) keepLast(subject, windows)
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

  // From the one that began first: two whose time is over for each that comes, and one in any case where
  // there are too many.
  function forget (now: number) {
    let looks = 2
    for (const [subject, windows] of bySubject) {
      const isOver = windows.every(({ since }) => now - since >= longest)
      if (!isOver && bySubject.size < most) return
      bySubject.delete(subject)
      if (--looks === 0) return
    }
  }
}
