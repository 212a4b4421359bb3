import { Refusal } from '../errors.ts'

/** How much of a rate is used; `reset` is how many milliseconds it takes until some of it is free again. */
export interface Count { limit: number, window: number, used: number, reset: number }

/** Where somebody stands with a limit: one count for each of its rates. */
export interface Standing { policy: string, counts: Count[], isWithin: boolean }

/**
 * The fields that tell a client where it stands (draft-ietf-httpapi-ratelimit-headers-10): Lists of
 * structured fields, one member for each rate, `r` requests left and `t` seconds until there are more.
 */
export function rateLimitFields ({ policy, counts }: Standing) {
  const name = ({ window }: Count) => counts.length === 1 ? `"${policy}"` : `"${policy}-${seconds(window)}s"`

  return {
    'ratelimit-policy': counts.map(count => `${name(count)};q=${count.limit};w=${seconds(count.window)}`).join(', '),
    ratelimit: counts.map(count => `${name(count)};r=${Math.max(0, count.limit - count.used)};t=${seconds(count.reset)}`).join(', ')
  }
}

/** The refusal of who has used a limit up, with the time after which every rate of it has room again. */
export function rateLimited ({ counts }: Pick<Standing, 'counts'>): Refusal {
  const waits = counts.filter(({ used, limit }) => used >= limit).map(({ reset }) => reset)
  return new Refusal('rate_limited', { retryAfter: Math.max(1, ...waits.map(seconds)) })
}

function seconds (milliseconds: number) {
  return Math.ceil(milliseconds / 1000)
}
