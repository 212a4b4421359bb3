import type { Clock } from '../clock.ts'
import type { Rate } from '../config/config.ts'
import type { Count } from '../http/rate-limit-status.ts'
import type { RedisScripts } from '../stores/redis-scripts.ts'
import { readTexts } from '../stores/script-answer.ts'

/** What counts together. Logs that are counted in one step share a hash tag. */
export interface Log { key: string, rates: readonly Rate[] }

export type RateLimitStore = ReturnType<typeof createRateLimitStore>

/** Exact counts in Redis, by its own time; see `lua/sliding-log.lua`. */
export function createRateLimitStore (scripts: RedisScripts, clock: Pick<Clock, 'offset'>) {
  const countRequest = scripts.script('sliding-log', 'count-request')
  const uncountRequest = scripts.script('uncount-request')

  return { count, uncount }

  /** Counts a request in every log if every rate of each has room, else in none; one atomic step. */
  async function count (logs: Log[]): Promise<{ isCounted: boolean, moment: string, counts: Count[] }> {
    const terms = logs.flatMap(({ rates }) => [rates.length, ...flatten(rates)])
    const answer = await countRequest(logs.map(({ key }) => key), [clock.offset, ...terms])
    const [word, moment = '', ...numbers] = readTexts(answer)
    return { isCounted: word === 'counted', moment, counts: readCounts(logs.flatMap(({ rates }) => rates), numbers) }
  }

  /** Takes back what was counted in logs at a moment. */
  async function uncount (logs: Log[], moment: string): Promise<void> {
    await uncountRequest(logs.map(({ key }) => key), [moment])
  }
}

/** Rates as scripts take them. */
export function flatten (rates: readonly Rate[]): number[] {
  return rates.flatMap(({ limit, window }) => [limit, window])
}

/** What scripts tell of rates: pairs of how many count and of milliseconds. */
export function readCounts (rates: readonly Rate[], numbers: string[]): Count[] {
  return rates.map((rate, place) => ({
    ...rate,
    used: Number(numbers[2 * place] ?? 0),
    reset: Number(numbers[2 * place + 1] ?? 0)
  }))
}
