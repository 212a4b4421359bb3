import fp from 'fastify-plugin'
import { Cluster, Redis } from 'ioredis'
import type { Config } from '../lib/config.ts'
import { readRedisAddress } from '../lib/redis-address.ts'
import { keepConnected } from '../lib/redis-nodes.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly redis: (Redis | Cluster) & { another: (socketTimeout: number) => Redis | Cluster } }
}

// No offline queue and no retries: a command whose request has been answered is never sent. A lost
// connection comes back by itself within half a second of Redis being there again, and one that has
// not said a word for two seconds while an answer is due is given up. A failover is one failed call.
export default fp<Config['redis']>(async function connectRedis (app, { url, keyPrefix, authority }) {
  const { kind, username, password, isEncrypted, ...address } = { sentinels: [], ...readRedisAddress(url) }
  const redis = Object.assign(another(2000), { another })

  redis.on('error', error => app.log.warn({ err: error }, 'redis'))
  app.addHook('onClose', async () => redis.disconnect())
  await redis.connect()
  app.decorate('redis', redis)
}, { name: 'redis' })
