import type { Config } from '../config/config.ts'
import type { Finding } from '../config/warnings.ts'
import { judgeClock } from './clock.ts'

/** The commands that are asked for. A client of ioredis fits. */
export interface RedisClient {
  info (): Promise<string>
  time (): Promise<(string | number)[]>
  scan (cursor: string, match: 'MATCH', pattern: string, count: 'COUNT', entries: number): Promise<[string, string[]]>
}

/** What Redis says about itself. Sizes are bytes. */
export interface RedisFacts {
  /** Milliseconds since 1970, by the clock of Redis. */
  time: number
  /** Milliseconds from the question until the answer. */
  took: number
  isReplica: boolean
  /** 0 for no limit. */
  memoryMax: number
  memoryUsed: number
  evictionPolicy: string
}

/** The share of the memory that may be in use where nothing is evicted. */
const usedShareMax = 0.9

export async function readRedis (redis: RedisClient): Promise<RedisFacts> {
  const sentAt = performance.now()
  const [seconds, microseconds] = await redis.time()
  const took = performance.now() - sentAt
  const info = new Map((await redis.info()).split(/\r?\n/).map(line => {
    const [name = '', value = ''] = line.split(':', 2)
    return [name, value]
  }))

  return {
    time: Number(seconds) * 1000 + Number(microseconds) / 1000,
    took,
    isReplica: info.get('role') === 'slave',
    memoryMax: Number(info.get('maxmemory') ?? 0),
    memoryUsed: Number(info.get('used_memory') ?? 0),
    evictionPolicy: info.get('maxmemory_policy') ?? 'noeviction'
  }
}

/** @param now milliseconds since 1970 when Redis had answered */
export function judgeRedis (facts: RedisFacts, now: number): Finding[] {
  return [...judgeClock('Redis', { ...facts, now }), ...judgeMemory(facts), ...judgeReplication(facts)]
}

function judgeMemory ({ memoryMax, memoryUsed, evictionPolicy }: RedisFacts): Finding[] {
  if (memoryMax === 0) return []
  if (evictionPolicy !== 'noeviction') {
    return [{
      code: 'redis_evicts',
      severity: 'unsafe',
      message: `Redis throws keys away when its memory is full (${evictionPolicy}). With them go the counts of wrong ` +
        'passwords and of requests: somebody who fills the memory may guess without a limit.',
      advice: 'Set maxmemory-policy noeviction, and give Latchkey a Redis that it does not share with a cache.'
    }]
  }
  if (memoryUsed <= usedShareMax * memoryMax) return []
  return [{
    code: 'redis_nearly_full',
    severity: 'warning',
    message: `Redis uses ${Math.round(100 * memoryUsed / memoryMax)} % of its memory. When it is full, nobody can sign in.`,
    advice: 'Raise maxmemory.'
  }]
}

function judgeReplication ({ isReplica }: RedisFacts): Finding[] {
  if (!isReplica) return []
  return [{
    code: 'redis_read_only',
    severity: 'unsafe',
    setting: 'REDIS_URL',
    message: 'REDIS_URL leads to a replica, which takes no writes: nobody can sign in.',
    advice: 'Let it lead to the primary, or name the Sentinels: redis+sentinel://…/name.'
  }]
}

/** How many session records are compared with Postgres at most, and how many steps through the keys that may take. */
const sampleMax = 200
const stepsMax = 200
const stepEntries = 500
/** Fewer unknown records than this, or a smaller share, come from erased accounts and restored backups. */
const unknownMin = 3
const unknownShareMin = 0.1

/** The ids of some of the sessions that have a record in Redis. */
export async function sampleSessions (redis: RedisClient, keyPrefix: Config['redis']['keyPrefix']): Promise<string[]> {
  const ids = new Set<string>()
  let cursor = '0'

  for (let step = 0; step < stepsMax && ids.size < sampleMax; step++) {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${keyPrefix}*`, 'COUNT', stepEntries)
    for (const key of keys) {
      const [, id] = /^session:\{([0-9a-f-]{36})\}/.exec(key.slice(keyPrefix.length)) ?? []
      if (id !== undefined) ids.add(id)
    }
    cursor = next
    if (cursor === '0') break
  }
  return [...ids].slice(0, sampleMax)
}

/** @param known how many of the sampled sessions Postgres knows */
export function judgePrefix (sampled: number, known: number, keyPrefix: string): Finding[] {
  const unknown = sampled - known
  if (unknown < unknownMin || unknown < unknownShareMin * sampled) return []
  return [{
    code: 'redis_prefix_shared',
    severity: 'warning',
    setting: 'REDIS_KEY_PREFIX',
    message: `Of ${sampled} sessions in Redis under ${keyPrefix} Postgres does not know ${unknown}: another deployment ` +
      'uses the same prefix, so clients of one use up the limits of the other; or a backup was restored.',
    advice: 'Give each deployment a REDIS_KEY_PREFIX of its own, or a Redis.'
  }]
}
