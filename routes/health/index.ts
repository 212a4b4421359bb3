import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import database from './database.ts'
import live from './live.ts'
import poolStats from './pool-stats.ts'
import ready from './ready.ts'
import summary from './summary.ts'

export interface HealthRoutesOptions { version: string, poolMax: number, poolMin: number }

type Guard = FastifyInstance['requireRecentSignIn']

/** Registered under /health. Open to load balancers; figures only with `stats:read` or the operations token. */
const health: FastifyPluginAsync<HealthRoutesOptions> = async (app, options) => {
  await app.register(live)
  await app.register(ready)
  await app.register(summary, { version: options.version })

  await app.register(async guarded => {
    const guards = [guarded.requireSession(), guarded.requirePermission('stats:read')]
    guarded.guardRoutes({ onRequest: guards.map(unlessOperator) })
    await guarded.register(database)
    await guarded.register(poolStats, { poolMax: options.poolMax, poolMin: options.poolMin })
  })

  // The caller's address behind all proxies, and how many there were, as a structured field (RFC 9651). It is for
  // `latchkey doctor --url`.
  function describeOperator ({ caller, headers }: FastifyRequest, reply: FastifyReply) {
    const hops = headers['x-forwarded-for']?.toString().split(',').length ?? 0
    reply.header('latchkey-client', `"${caller.ip}";hops=${hops}`)
  }

  function unlessOperator (guard: Guard): Guard {
    const guardUnlessOperator: onRequestHookHandler = function (request, reply, done) {
      if (!app.operationsToken.allows(request)) return guard.call(this, request, reply, done)
      describeOperator(request, reply)
      done()
    }
    return Object.assign(guardUnlessOperator, { refusals: guard.refusals })
  }
}

export default health
