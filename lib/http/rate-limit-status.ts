import { Refusal } from '../errors.ts'
import type { Caller } from './caller.ts'

/** How much of a rate is used; `reset` is how many milliseconds it takes until some of it is free again. */
export interface Count { limit: number, window: number, used: number, reset: number }

/** How much of a limit a subject has used: one count for each of its rates. */
export interface RateLimitStatus { policy: string, counts: Count[], isWithin: boolean }

export type RateLimitStatuses = ReturnType<typeof createRateLimitStatuses>

/**
 * The status of the limit that was counted last for a request, by its caller. A use case records it and whatever
 * writes the answer reads it, so nothing has to call back up. An entry lives as long as the request does.
 */
export function createRateLimitStatuses () {
  const statuses = new WeakMap<Caller, RateLimitStatus>()

  return {
    record (caller: Caller, status: RateLimitStatus) { statuses.set(caller, status) },
    of: (caller: Caller) => statuses.get(caller)
  }
}

/**
 * The fields that tell a client how much of a limit is left (draft-ietf-httpapi-ratelimit-headers-10): Lists of
 * structured fields, one member for each rate, `r` requests left and `t` seconds until there are more.
 */
export function rateLimitFields ({ policy, counts }: RateLimitStatus) {
  const name = ({ window }: Count) => counts.length === 1 ? `"${policy}"` : `"${policy}-${seconds(window)}s"`

  return {
    'ratelimit-policy': counts.map(count => `${name(count)};q=${count.limit};w=${seconds(count.window)}`).join(', '),
    ratelimit: counts.map(count => `${name(count)};r=${Math.max(0, count.limit - count.used)};t=${seconds(count.reset)}`).join(', ')
  }
}

/** The refusal of who has used a limit up, with the time after which every rate of it has room again. */
export function rateLimited ({ counts }: Pick<RateLimitStatus, 'counts'>): Refusal {
  const waits = counts.filter(({ used, limit }) => used >= limit).map(({ reset }) => reset)
  return new Refusal('rate_limited', { retryAfter: Math.max(1, ...waits.map(seconds)) })
}

function seconds (milliseconds: number) {
  return Math.ceil(milliseconds / 1000)
}
