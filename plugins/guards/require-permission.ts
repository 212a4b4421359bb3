import fp from 'fastify-plugin'
import type { onRequestAsyncHookHandler } from 'fastify'
import { Refusal } from '../../lib/errors.ts'
import type { ProveSession } from './session-proof.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** A guard for a context of routes that need a permission, which the principal's role has now. */
    readonly requirePermission: (permission: string) => onRequestAsyncHookHandler
  }
}

export default fp<{ prove: ProveSession }>(async function providePermissionGuard (app, { prove }) {
  app.decorate('requirePermission', permission => async request => {
    await prove(request)
    if (!app.authentication.may(request.principal.role, permission)) throw new Refusal('forbidden', { permission })
  })
}, { name: 'require-permission', dependencies: ['access'] })
