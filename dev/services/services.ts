import { join, resolve } from 'node:path'
import { type PostgresOptions, type PostgresServer, startPostgres } from './postgres.ts'
import { type RedisServer, startRedis } from './redis.ts'

export { startPostgres, type PostgresOptions, type PostgresServer } from './postgres.ts'
export { startRedis, type RedisOptions, type RedisServer } from './redis.ts'

export interface ServicesOptions {
  dataDir: string
  durable: boolean
  /** More options for Postgres alone. */
  postgres?: Pick<PostgresOptions, 'programs' | 'env' | 'args'>
}

export interface Services {
  readonly databaseUrl: string
  readonly databaseDirectUrl: string
  readonly redisUrl: string
  /** The servers that we started; undefined where the environment names another. */
  readonly postgres: PostgresServer | undefined
  readonly redis: RedisServer | undefined
  stop (): Promise<void>
}

/**
 * Starts a private Postgres and a private Redis below a folder, or takes those that `DATABASE_URL`
 * (with `DATABASE_DIRECT_URL`) and `REDIS_URL` name. They end with this process, however it ends.
 *
 * @throws Error with one line that says what is missing, or the end of a server's log.
 */
export async function startServices ({ dataDir, durable, postgres: options = {} }: ServicesOptions): Promise<Services> {
  const { DATABASE_URL: databaseUrl, DATABASE_DIRECT_URL: directUrl, REDIS_URL: redisUrl } = process.env
  const folder = resolve(dataDir)
  const [postgresStart, redisStart] = await Promise.allSettled([
    databaseUrl ? undefined : startPostgres({ dataDir: join(folder, 'postgres'), durable, ...options }),
    redisUrl ? undefined : startRedis({ dataDir: join(folder, 'redis'), durable })
  ])
  const postgres = postgresStart.status === 'fulfilled' ? postgresStart.value : undefined
  const redis = redisStart.status === 'fulfilled' ? redisStart.value : undefined

  for (const outcome of [postgresStart, redisStart]) {
    if (outcome.status === 'fulfilled') continue
    await stop()
    throw outcome.reason
  }
  return {
    databaseUrl: databaseUrl || postgres?.databaseUrl || '',
    databaseDirectUrl: directUrl && databaseUrl ? directUrl : databaseUrl || postgres?.databaseDirectUrl || '',
    redisUrl: redisUrl || redis?.redisUrl || '',
    postgres,
    redis,
    stop
  }

  async function stop () {
    await Promise.all([postgres?.stop(), redis?.stop()])
  }
}
