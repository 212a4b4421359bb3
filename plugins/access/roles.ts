import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createRoles } from '../../lib/access/roles.ts'
import type { Roles } from '../../lib/access/roles.ts'
import { createRoleStore } from '../../lib/access/role-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly roles: Roles }
}

/** `app.roles`, read at the start and again whenever the feed says that they have changed. */
export default fp<{ clock: Clock }>(async function readRoles (app, { clock }) {
  const roles = createRoles(createRoleStore(app.database), clock)

  await roles.reload()
  app.decorate('roles', roles)
  app.feed.subscribe('roles_changed', roles.follow)
  app.addHook('onClose', async () => roles.stop())
}, { name: 'roles', dependencies: ['stores', 'changes'] })
