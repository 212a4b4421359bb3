import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'
import { noTracing } from '../../lib/context/tracing.ts'
import type { Tracing } from '../../lib/context/tracing.ts'
import { createRedisScripts } from '../../lib/stores/redis-scripts.ts'
import type { RedisScripts } from '../../lib/stores/redis-scripts.ts'
import { traceScripts } from '../../lib/stores/traced-scripts.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly scripts: RedisScripts }
}

/** How many calls may be under way at once; one more is refused. */
const callsMax = 500

export type RedisScriptsOptions = Pick<Config['redis'], 'deadline'> & { tracing?: Tracing }

export default fp<RedisScriptsOptions>(async function loadRedisScripts (app, { deadline, tracing = noTracing }) {
  const scripts = createRedisScripts(app.redis, { concurrency: callsMax, deadline })

  await scripts.ping()
  app.decorate('scripts', traceScripts(scripts, tracing))
}, { name: 'redis-scripts' })
