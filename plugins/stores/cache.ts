import fp from 'fastify-plugin'
import { createCache } from '../../lib/stores/cache.ts'
import type { Cache } from '../../lib/stores/cache.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly cache: Cache }
}

export default fp(async function openCache (app) {
  const cache = createCache(app.redis, { concurrency: 500, deadline: 1000 })

  await cache.ping()
  app.decorate('cache', cache)
}, { name: 'cache', dependencies: ['redis'] })
