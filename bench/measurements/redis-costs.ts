import type { RedisServer } from '../../dev/services/redis.ts'
import { ask } from '../../test/stores/redis-topologies.ts'

/**
 * Microseconds of a processor that a Redis has used until now.
 * @throws Error with its answer, when it does not answer with its times
 */
export async function readRedisTime (server: Pick<RedisServer, 'port' | 'password'> | undefined): Promise<number> {
  const info = await ask(server, 'INFO', 'cpu')
  const times = Array.from(info.matchAll(/used_cpu_(?:user|sys):([\d.]+)/g), ([, seconds]) => Number(seconds) * 1e6)
  if (times.length === 0) throw new Error(`Redis has answered ${info}`)
  return times.reduce((sum, time) => sum + time, 0)
}
