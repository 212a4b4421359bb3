import type { FastifyInstance, FastifyPluginAsync, onRequestHookHandler, preValidationHookHandler } from 'fastify'

/** Routes that share their guards, which run in the order of the list: before the body is read, or after. */
export interface GuardedRoutes {
  guards: { onRequest: onRequestHookHandler[] } | { preValidation: preValidationHookHandler[] }
  routes: FastifyPluginAsync[]
}

/** Registers each group of routes in a context of its own, behind its guards. */
export function registerGuarded (app: FastifyInstance, groups: GuardedRoutes[]): void {
  for (const { guards, routes } of groups) {
    app.register(async context => {
      if ('onRequest' in guards) for (const guard of guards.onRequest) context.addHook('onRequest', guard)
      else for (const guard of guards.preValidation) context.addHook('preValidation', guard)
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
  furtherGuards: onRequestHookHandler[] = []
): void {
  const { requireSession, requirePermission, limitRequests: { bySession } } = app

  registerGuarded(app, Object.entries(needing).map(([permission, routes]) => ({
    guards: { onRequest: [bySession, requireSession(), requirePermission(permission), ...furtherGuards] },
    routes
  })))
}
