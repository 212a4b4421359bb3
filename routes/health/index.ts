import type { FastifyPluginAsync } from 'fastify'
import database from './database.ts'
import live from './live.ts'
import poolStats from './pool-stats.ts'
import ready from './ready.ts'
import summary from './summary.ts'

export interface HealthRoutesOptions { version: string, poolMax: number, poolMin: number }

/** Registered under /health. Open to load balancers; figures only with `stats:read` or the operations token. */
const health: FastifyPluginAsync<HealthRoutesOptions> = async (app, options) => {
  await app.register(live)
  await app.register(ready)
  await app.register(summary, { version: options.version })

  await app.register(async guarded => {
    const requireStats = guarded.requirePermission('stats:read')

    guarded.addHook('onRequest', async (request, reply) => {
      if (!guarded.operations.allows(request)) await requireStats.call(guarded, request, reply)
    })
    await guarded.register(database)
    await guarded.register(poolStats, { poolMax: options.poolMax, poolMin: options.poolMin })
  })
}

export default health
