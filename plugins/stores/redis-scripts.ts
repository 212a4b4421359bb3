import fp from 'fastify-plugin'
import { createRedisScripts } from '../../lib/stores/redis-scripts.ts'
import type { RedisScripts } from '../../lib/stores/redis-scripts.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly scripts: RedisScripts }
}

export default fp(async function loadRedisScripts (app) {
  const scripts = createRedisScripts(app.redis, { concurrency: 500, deadline: 1000 })

  await scripts.ping()
  app.decorate('scripts', scripts)
}, { name: 'redis-scripts' })
