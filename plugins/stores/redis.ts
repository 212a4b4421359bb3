import { once } from 'node:events'
import fp from 'fastify-plugin'
import { Cluster, Redis } from 'ioredis'
import type { Config } from '../../lib/config/config.ts'
import { readRedisAddress } from '../../lib/config/redis-address.ts'
import { connectNodes } from '../../lib/stores/redis-nodes.ts'

/** What one server, its Sentinels and a Cluster have in common. */
type RedisClient = Pick<Redis | Cluster, keyof (Redis | Cluster)>

declare module 'fastify' {
  interface FastifyInstance { readonly redis: RedisClient & { another: (socketTimeout: number) => RedisClient } }
}

const delay = (attempt: number) => Math.min(attempt * 50, 500)

// No offline queue and no retries: a command whose request has been answered is never sent. A lost
// connection comes back by itself within half a second of Redis being there again, and one that has
// not said a word for two seconds while an answer is due is given up. After a failover a call may fail once more; none is made twice.
export default fp<Config['redis']>(async function connectRedis (app, { url, keyPrefix, authority }) {
  const { isEncrypted, ...address } = readRedisAddress(url)
  const tls = isEncrypted ? authority === null ? {} : { ca: authority } : undefined
  const redis = Object.assign(another(2000), { another })

  redis.on('error', error => app.log.warn({ err: error }, 'redis'))
  app.addHook('onClose', async () => redis.disconnect())
  // Sentinels would be asked for ever: what goes wrong at the start ends it.
  await Promise.all([once(redis, 'ready'), redis instanceof Cluster ? connectNodes(redis) : redis.connect()])
  app.decorate('redis', redis)

  /** A client of its own, for reads that wait: it gives up (ms) when a due answer does not come. */
  function another (socketTimeout: number): RedisClient {
    const { username, password } = address
    const perServer = { username, password, tls, socketTimeout, connectTimeout: 2000, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, reconnectOnError: isReadOnly }
    const forAll = { keyPrefix, lazyConnect: true, enableOfflineQueue: false }

    if (address.kind === 'cluster') {
      const atOnce = { retryDelayOnFailover: 0, retryDelayOnClusterDown: 0, maxRedirections: 5 }
      return new Cluster(address.nodes, { ...forAll, ...atOnce, redisOptions: perServer, clusterRetryStrategy: delay, clusterNodeRetryStrategy: attempt => attempt > 3 ? null : delay(attempt), dnsLookup: (name, answer) => answer(null, name) })
    }
    const place = address.kind === 'server'
      ? address
      : { ...address, sentinelPassword: password, sentinelTLS: tls, enableTLSForSentinelMode: isEncrypted, sentinelCommandTimeout: 1000, sentinelRetryStrategy: delay }
    return new Redis({ ...forAll, ...perServer, ...place, retryStrategy: delay })
  }
}, { name: 'redis' })

/** What was a master takes no writes any more: whoever asks again where to write is told of the new one. */
const isReadOnly = (error: Error) => error.message.includes('READONLY')
