import type { FastifyInstance, FastifyPluginAsync } from 'fastify'

/** Routes that share their guards. */
export interface GuardedRoutes {
  guards: Parameters<FastifyInstance['guardRoutes']>[0]
  routes: FastifyPluginAsync[]
}

/** Registers each group of routes in a context of its own, behind its guards. */
export function registerGuarded (app: FastifyInstance, groups: GuardedRoutes[]): void {
  for (const { guards, routes } of groups) {
    app.register(async context => {
      context.guardRoutes(guards)
      for (const route of routes) context.register(route)
    })
  }
}

/**
 * Registers routes by the permission that they need. Each request is first counted by its session, then authenticated.
 * @param furtherGuards run last
 */
export function guardedBy (
  app: FastifyInstance,
  needing: Record<string, FastifyPluginAsync[]>,
  furtherGuards: FastifyInstance['requireRecentSignIn'][] = []
): void {
  const { requireSession, requirePermission, limitRequests: { bySession } } = app

  registerGuarded(app, Object.entries(needing).map(([permission, routes]) => ({
    guards: { onRequest: [bySession, requireSession(), requirePermission(permission), ...furtherGuards] },
    routes
  })))
}
