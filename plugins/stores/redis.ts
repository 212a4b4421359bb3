import { once } from 'node:events'
import fp from 'fastify-plugin'
import { Cluster, Redis } from 'ioredis'
import type { Config } from '../../lib/config/config.ts'
import { readRedisAddress } from '../../lib/config/addresses/redis-address.ts'
import { disconnectQuietly } from '../../lib/stores/redis-disconnects.ts'
import { connectNodes } from '../../lib/stores/redis-nodes.ts'

/** What one server, its Sentinels and a Cluster have in common. */
type RedisClient = Pick<Redis | Cluster, keyof (Redis | Cluster)>

declare module 'fastify' {
  interface FastifyInstance {
    /** With `another`, which makes a further client for reads that block: see wake-ups.ts. */
    readonly redis: RedisClient & { another: (socketTimeoutMs: number) => RedisClient }
  }
}

const connectTimeoutMs = 2000
const sentinelCommandTimeoutMs = 1000

/** How many redirections in a row a command follows. */
const redirectionsMax = 5
/** How often a connection to a node of a Cluster is tried before the other nodes are asked where its keys are. */
const nodeAttemptsMax = 3

// There is no offline queue and there are no retries: a command whose request has been answered is never sent, and no
// command is sent twice. A lost connection is back within half a second after Redis is. After a failover a call may
// fail once more.
export default fp<Config['redis']>(async function connectRedis (app, { url, keyPrefix, authority, deadline }) {
  const { isEncrypted, ...address } = readRedisAddress(url)
  const tls = isEncrypted ? authority === null ? {} : { ca: authority } : undefined
  // A call is refused at its deadline. If no answer has come after as long again, the connection is given up.
  const redis = Object.assign(another(2 * deadline), { another })

  redis.on('error', error => app.log.warn({ err: error }, 'redis'))
  app.addHook('onClose', async () => redis.disconnect())
  // An error at the start ends the start. Without that, Sentinels would be asked for ever.
  await Promise.all([once(redis, 'ready'), redis instanceof Cluster ? connectNodes(redis) : redis.connect()])
  app.decorate('redis', redis)

  /** Makes a client. It gives up a connection on which no answer has come for `socketTimeoutMs`. */
  function another (socketTimeoutMs: number): RedisClient {
    const { username, password } = address
    const forAll = { keyPrefix, lazyConnect: true, enableOfflineQueue: false }
    const perServer = {
      username,
      password,
      tls,
      socketTimeout: socketTimeoutMs,
      connectTimeout: connectTimeoutMs,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      reconnectOnError: isReadOnly
    }

    if (address.kind === 'cluster') {
      const cluster = new Cluster(address.nodes, {
        ...forAll,
        redisOptions: perServer,
        retryDelayOnFailover: 0,
        retryDelayOnClusterDown: 0,
        maxRedirections: redirectionsMax,
        clusterRetryStrategy: retryDelay,
        clusterNodeRetryStrategy: attempt => attempt > nodeAttemptsMax ? null : retryDelay(attempt),
        dnsLookup: (name, answer) => answer(null, name)
      })
      return cluster.on('+node', disconnectQuietly)
    }
    const sentinels = {
      sentinelPassword: password,
      sentinelTLS: tls,
      enableTLSForSentinelMode: isEncrypted,
      sentinelCommandTimeout: sentinelCommandTimeoutMs,
      sentinelRetryStrategy: retryDelay
    }
    const server = address.kind === 'server' ? address : { ...address, ...sentinels }
    return disconnectQuietly(new Redis({ ...forAll, ...perServer, ...server, retryStrategy: retryDelay }))
  }
}, { name: 'redis' })

/** How long (ms) to wait before the next attempt to connect. */
const retryDelay = (attempt: number) => Math.min(attempt * 50, 500)

/** A server that is no longer the master refuses writes. A new connection asks again which server is the master. */
const isReadOnly = (error: Error) => error.message.includes('READONLY')
