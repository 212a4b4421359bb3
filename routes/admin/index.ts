import type { FastifyPluginAsync } from 'fastify'
import dashboardStats from './dashboard-stats.ts'
import listAuditEvents from './list-audit-events.ts'
import signOutEveryone from './sign-out-everyone.ts'

/** Everything under `/admin`, by the permission that it needs. */
const admin: FastifyPluginAsync = async app => {
  const { bySession } = app.limitRequests

  app.register(async context => {
    context.addHook('onRequest', app.requireSession())
    context.addHook('onRequest', bySession)
    context.addHook('onRequest', app.requirePermission('audit:read'))
    context.register(listAuditEvents)
  })

  app.register(async context => {
    context.addHook('onRequest', app.requireSession())
    context.addHook('onRequest', bySession)
    context.addHook('onRequest', app.requirePermission('stats:read'))
    context.register(dashboardStats)
  })

  app.register(async context => {
    context.addHook('onRequest', app.requireSession())
    context.addHook('onRequest', bySession)
    context.addHook('onRequest', app.requirePermission('roles:write'))
    context.addHook('onRequest', app.requireRecentSignIn)
    context.register(signOutEveryone)
  })
}

export default admin
