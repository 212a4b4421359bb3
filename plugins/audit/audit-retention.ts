import fp from 'fastify-plugin'
import { createAuditPartitionStore } from '../../lib/audit/partition-store.ts'
import type { AuditPartitionStore } from '../../lib/audit/partition-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly auditRetention: Pick<AuditPartitionStore, 'setRetention'> }
}

/** `app.auditRetention` decides how long the trail is kept, which only the owner of the tables may. For commands. */
export default fp(async function provideAuditRetention (app) {
  app.decorate('auditRetention', createAuditPartitionStore(app.database))
}, { name: 'audit-retention', decorators: { fastify: ['database'] } })
