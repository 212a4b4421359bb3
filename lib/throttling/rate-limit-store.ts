import type { Clock } from '../clock.ts'
import type { Rate } from '../config/config.ts'
import type { Count } from '../http/rate-limit-status.ts'
import type { RedisScripts } from '../stores/redis-scripts.ts'
import { readTexts } from '../stores/script-answer.ts'

/** A log of requests that count together. The keys of logs that are counted in one step share a hash tag. */
export interface Log { key: string, rates: readonly Rate[] }

export type RateLimitStore = ReturnType<typeof createRateLimitStore>

/** Exact counts in Redis, by the time of Redis; see `lua/sliding-log.lua`. */
export function createRateLimitStore (scripts: RedisScripts, clock: Pick<Clock, 'offset'>) {
  const countRequest = scripts.script('sliding-log', 'count-request')
  const uncountRequest = scripts.script('uncount-request')
  const readRequests = scripts.script('sliding-log', 'read-requests')

  return { count, uncount, look }

  /**
   * Counts a request in every log if every rate of each log has room, else in none, in one atomic step. `moment` is the
   * argument for `uncount`; `counts` has one entry for each rate, in the order of the logs.
   */
  async function count (logs: Log[]): Promise<{
    isCounted: boolean
    moment: string
    counts: Count[]
  }> {
    const terms = logs.flatMap(({ rates }) => [rates.length, ...flatten(rates)])
    const answer = await countRequest(logs.map(({ key }) => key), [clock.offset, ...terms])
    const [word, moment = '', ...numbers] = readTexts(answer)
    return { isCounted: word === 'counted', moment, counts: readCounts(logs.flatMap(({ rates }) => rates), numbers) }
  }

  /** Whether a log is full, in one atomic step that counts nothing. */
  async function look ({ key, rates }: Log): Promise<{ isFull: boolean, counts: Count[] }> {
    const [word, ...numbers] = readTexts(await readRequests([key], [clock.offset, ...flatten(rates)]))
    return { isFull: word === 'full', counts: readCounts(rates, numbers) }
  }

  /** Removes the request that was counted in these logs at this moment. */
  async function uncount (logs: Log[], moment: string): Promise<void> {
    await uncountRequest(logs.map(({ key }) => key), [moment])
  }
}

/** Rates as arguments of scripts: pairs of limit and window (ms). */
export function flatten (rates: readonly Rate[]): number[] {
  return rates.flatMap(({ limit, window }) => [limit, window])
}

/**
 * Reads the counts that scripts return: for each rate how many requests count, and the milliseconds until one leaves.
 */
export function readCounts (rates: readonly Rate[], numbers: string[]): Count[] {
  return rates.map((rate, index) => ({
    ...rate,
    used: Number(numbers[2 * index] ?? 0),
    reset: Number(numbers[2 * index + 1] ?? 0)
  }))
}
