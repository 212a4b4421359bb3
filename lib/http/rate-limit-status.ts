import { Refusal } from '../errors.ts'
import type { Caller } from './caller.ts'

/** How much of a rate is used. `window` and `reset`, the time until some of it is free again, are milliseconds. */
export interface Count { limit: number, window: number, used: number, reset: number }

/** How much of a limit a subject has used: one count for each of its rates. */
export interface RateLimitStatus { policy: string, counts: Count[], isWithin: boolean }

export type RateLimitStatuses = ReturnType<typeof createRateLimitStatuses>

/**
 * The status of the limit that was counted last for a request, by its caller. The use case records it, and the hook
 * that writes the answer's headers reads it, so that no use case has to call the HTTP layer. An entry lives as long as
 * the request does.
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
    ratelimit: counts.map(count => `${name(count)};r=${left(count)};t=${seconds(count.reset)}`).join(', ')
  }
}

/** The refusal after a limit has been used up, with the time after which every rate of it has room again. */
export function rateLimited ({ counts }: Pick<RateLimitStatus, 'counts'>): Refusal {
  const waits = counts.filter(({ used, limit }) => used >= limit).map(({ reset }) => reset)
  return new Refusal('rate_limited', { retryAfter: Math.max(1, ...waits.map(seconds)) })
}

function left ({ limit, used }: Count) {
  return Math.max(0, limit - used)
}

function seconds (milliseconds: number) {
  return Math.ceil(milliseconds / 1000)
}
