import { once } from 'node:events'
import fp from 'fastify-plugin'
import { Cluster, Redis } from 'ioredis'
import type { Config } from '../../lib/config/config.ts'
import { readRedisAddress } from '../../lib/config/redis-address.ts'
import { connectNodes } from '../../lib/stores/redis-nodes.ts'

/** What one server, its Sentinels and a Cluster have in common. */
type RedisClient = Pick<Redis | Cluster, keyof (Redis | Cluster)>

declare module 'fastify' {
  interface FastifyInstance {
    /** With `another`, which makes a client of its own for reads that wait: see `wake-ups`. */
    readonly redis: RedisClient & { another: (socketTimeout: number) => RedisClient }
  }
}

const connectTimeout = 2000
const sentinelCommandTimeout = 1000

/** A redirection may lead to another one so often in a row. */
const maxRedirections = 5
/** A node of a Cluster is tried again so often; then the others are asked where its keys are. */
const nodeAttemptsMax = 3

// There is no offline queue and there are no retries: a command whose request has been answered is never sent, and no
// command is sent twice. A lost connection is back within half a second after Redis is. After a failover a call may
// fail once more.
export default fp<Config['redis']>(async function connectRedis (app, { url, keyPrefix, authority, deadline }) {
  const { isEncrypted, ...address } = readRedisAddress(url)
  const tls = isEncrypted ? authority === null ? {} : { ca: authority } : undefined
  // A call that is overdue is refused. If nothing has come after as long again, the connection is given up.
  const redis = Object.assign(another(2 * deadline), { another })

  redis.on('error', error => app.log.warn({ err: error }, 'redis'))
  app.addHook('onClose', async () => redis.disconnect())
  // What goes wrong at the start ends the start. Sentinels would be asked for ever.
  await Promise.all([once(redis, 'ready'), redis instanceof Cluster ? connectNodes(redis) : redis.connect()])
  app.decorate('redis', redis)

  /** A client of its own. It gives up a connection on which an answer is overdue by `socketTimeout` ms. */
  function another (socketTimeout: number): RedisClient {
    const { username, password } = address
    const forAll = { keyPrefix, lazyConnect: true, enableOfflineQueue: false }
    const perServer = {
      username,
      password,
      tls,
      socketTimeout,
      connectTimeout,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      reconnectOnError: isReadOnly
    }

    if (address.kind === 'cluster') {
      return new Cluster(address.nodes, {
        ...forAll,
        redisOptions: perServer,
        retryDelayOnFailover: 0,
        retryDelayOnClusterDown: 0,
        maxRedirections,
        clusterRetryStrategy: retryDelay,
        clusterNodeRetryStrategy: attempt => attempt > nodeAttemptsMax ? null : retryDelay(attempt),
        dnsLookup: (name, answer) => answer(null, name)
      })
    }
    const sentinels = {
      sentinelPassword: password,
      sentinelTLS: tls,
      enableTLSForSentinelMode: isEncrypted,
      sentinelCommandTimeout,
      sentinelRetryStrategy: retryDelay
    }
    const server = address.kind === 'server' ? address : { ...address, ...sentinels }
    return new Redis({ ...forAll, ...perServer, ...server, retryStrategy: retryDelay })
  }
}, { name: 'redis' })

/** How long (ms) to wait before the next attempt to connect. */
const retryDelay = (attempt: number) => Math.min(attempt * 50, 500)

/** A server that is no master any more takes no writes. A new connection asks again which one is. */
const isReadOnly = (error: Error) => error.message.includes('READONLY')
