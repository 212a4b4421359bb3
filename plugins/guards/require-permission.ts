import fp from 'fastify-plugin'
import type { onRequestHookHandler } from 'fastify'
import { Refusal } from '../../lib/errors.ts'
import { refusing } from '../../lib/http/refusal-lists.ts'
import type { Refusing } from '../../lib/http/refusal-lists.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Makes a guard that runs after `requireSession`: the principal's role must have the permission now. */
    readonly requirePermission: (permission: string) => onRequestHookHandler & Refusing
  }
}

export default fp(async function providePermissionGuard (app) {
  app.decorate('requirePermission', permission => {
    // Shown with 0 before the first denial: see lib/operations/metrics.ts.
    app.metrics.increment('authz_denied', { reason: permission }, 0)

    return refusing<onRequestHookHandler>(function requirePermission ({ principal }, _reply, done) {
      const isAllowed = app.authentication.may(principal.role, permission)
      done(isAllowed ? undefined : new Refusal('forbidden', { permission }))
    }, 'forbidden')
  })
}, { name: 'require-permission', dependencies: ['monitoring', 'access'] })
