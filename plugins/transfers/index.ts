import fp from 'fastify-plugin'
import { createUserTransferStore } from '../../lib/transfers/transfer-store.ts'
import { createUserTransfers } from '../../lib/transfers/transfers.ts'
import type { UserTransfers } from '../../lib/transfers/transfers.ts'
import type { FeatureOptions } from '../feature.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly userTransfers: UserTransfers }
}

export default fp<FeatureOptions>(async function transfersFeature (app, { config, clock }) {
  const { database, roles, passwords, oneTimeTokens, audit } = app

  app.decorate('userTransfers', createUserTransfers({
    database,
    transfers: createUserTransferStore(database),
    roles,
    passwords,
    oneTimeTokens,
    audit,
    emailVerification: config.accounts.emailVerification,
    clock
  }))
}, { name: 'transfers', dependencies: ['stores', 'audit', 'passwords', 'tokens', 'access'] })
