import type { FastifyPluginAsync } from 'fastify'
import type { Config } from '../lib/config/config.ts'
import admin from './admin/index.ts'
import auth from './auth/index.ts'
import factors from './factors/index.ts'
import health from './health/index.ts'
import metrics from './metrics.ts'
import oauth from './oauth/index.ts'
import roles from './roles/index.ts'
import users from './users/index.ts'
import vendors from './vendors/index.ts'
import wellKnown from './well-known/index.ts'

/** Every route, under its prefix. */
const routes: FastifyPluginAsync<{ config: Config }> = async (app, { config }) => {
  const { apiPrefix } = config.http

  await app.register(async served => {
    served.guardRoutes({ onRequest: [app.requireSchema] })
    await served.register(auth, { prefix: `${apiPrefix}/auth` })
    await served.register(factors, { prefix: `${apiPrefix}/auth` })
    await served.register(oauth, { prefix: `${apiPrefix}/auth` })
    await served.register(users, { prefix: `${apiPrefix}/users` })
    await served.register(roles, { prefix: `${apiPrefix}/roles` })
    await served.register(vendors, { prefix: `${apiPrefix}/vendors` })
    await served.register(admin, { prefix: `${apiPrefix}/admin` })
  })
  await app.register(health, { prefix: '/health', ...config.process, ...config.postgres })
  await app.register(wellKnown, { prefix: '/.well-known', ...config.wellKnown })
  await app.register(metrics)
}

export default routes
