import fp from 'fastify-plugin'
import { createAdministrators } from '../../lib/administration/administrators.ts'
import type { Administrators } from '../../lib/administration/administrators.ts'
import type { Clock } from '../../lib/clock.ts'
import { createAdministratorStore } from '../../lib/access/administrator-store.ts'
import { createUserStore } from '../../lib/users/user-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly administrators: Administrators }
}

export default fp<{ clock: Clock }>(async function provideAdministrators (app, { clock }) {
  const { database, passwords, passwordPolicy: policy, audit } = app

  app.decorate('administrators', createAdministrators({
    database,
    passwords,
    policy,
    audit,
    administrators: createAdministratorStore(),
    users: createUserStore(app.database),
    clock
  }))
}, { name: 'administrators', dependencies: ['postgres', 'password-policy', 'passwords', 'audit'] })
