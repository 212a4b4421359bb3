import type { Database } from '../stores/database.ts'
import type { RedisScripts } from '../stores/redis-scripts.ts'

/**
 * Hash tags whose slots (CRC16 mod 16,384) lie one in each quarter of the slots, so that on a Cluster of up to four
 * masters each of them is asked. One of them may be full while the others are not.
 */
const hashTags = ['0', '1', '2', '3']

/** How long (ms) what was written to Redis stays there. */
const lifetimeMs = 10_000

/** Asks each store why it takes no writes although it answers: one word, or null while it takes them. */
export function createWriteRefusalStore (db: Database, redisScripts: Pick<RedisScripts, 'tryWrite'>) {
  return { database, redis }

  async function database (): Promise<string | null> {
    const [row] = await db<{ refusal: string | null }>`
      select case
               when pg_is_in_recovery() then 'standby'
               when current_setting('transaction_read_only')::boolean then 'read_only'
             end as refusal`
    return row?.refusal ?? null
  }

  async function redis (): Promise<string | null> {
    for (const tag of hashTags) {
      const refusal = await redisScripts.tryWrite(`write-probe:{${tag}}`, lifetimeMs)
      if (refusal !== null) return refusal
    }
    return null
  }
}
