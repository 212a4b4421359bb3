import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createUserTransferStore } from '../../lib/transfers/transfer-store.ts'
import { createUserTransfers } from '../../lib/transfers/transfers.ts'
import type { UserTransfers } from '../../lib/transfers/transfers.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly userTransfers: UserTransfers }
}

export default fp<Config['accounts'] & { clock: Clock }>(async function provideUserTransfers (app, { emailVerification, clock }) {
  const { database, roles, passwords, audit } = app

  app.decorate('userTransfers', createUserTransfers({
    database,
    roles,
    passwords,
    audit,
    transfers: createUserTransferStore(database),
    emailVerification,
    clock
  }))
}, { name: 'user-transfers', dependencies: ['postgres', 'roles', 'passwords', 'audit'] })
