import fp from 'fastify-plugin'
import { Redis } from 'ioredis'
import type { Config } from '../lib/config.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly redis: Redis }
}

// No offline queue and no retries: a command whose request has been answered is never sent. A lost
// connection comes back by itself within half a second of Redis being there again, and one that has
// not said a word for two seconds while an answer is due is given up.
export default fp<Config['redis']>(async function connectRedis (app, { url, keyPrefix }) {
  const redis = new Redis(url, {
    keyPrefix,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2000,
    socketTimeout: 2000,
    retryStrategy: attempt => Math.min(attempt * 50, 500)
  })

  redis.on('error', error => app.log.warn({ err: error }, 'redis'))
  app.addHook('onClose', async () => redis.disconnect())
  await redis.connect()
  app.decorate('redis', redis)
}, { name: 'redis' })
