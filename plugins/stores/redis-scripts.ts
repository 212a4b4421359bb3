import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'
import { createRedisScripts } from '../../lib/stores/redis-scripts.ts'
import type { RedisScripts } from '../../lib/stores/redis-scripts.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly scripts: RedisScripts }
}

/** How many calls may be under way at once; one more is refused. */
const callsMax = 500

export default fp<Pick<Config['redis'], 'deadline'>>(async function loadRedisScripts (app, { deadline }) {
  const scripts = createRedisScripts(app.redis, { concurrency: callsMax, deadline })

  await scripts.ping()
  app.decorate('scripts', scripts)
}, { name: 'redis-scripts' })
