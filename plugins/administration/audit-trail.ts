import fp from 'fastify-plugin'
import { createAuditTrail } from '../../lib/audit/trail.ts'
import type { AuditTrail } from '../../lib/audit/trail.ts'
import { createCursors } from '../../lib/http/cursors.ts'
import { createEncryption } from '../../lib/crypto/encryption.ts'
import { createAuditTrailStore } from '../../lib/audit/trail-store.ts'
import { createUserStore } from '../../lib/users/user-store.ts'
import { purposes } from '../../lib/crypto/purposes.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly auditTrail: AuditTrail }
}

export default fp(async function readAuditTrail (app) {
  const { database, audit } = app
  const cursors = createCursors(createEncryption(app.secrets.derive(purposes.cursorsOfAuditEvents)))
  app.decorate('auditTrail', createAuditTrail({ database, trail: createAuditTrailStore(database), users: createUserStore(database), audit, cursors }))
}, { name: 'audit-trail', dependencies: ['postgres', 'secrets', 'audit'] })
