import fp from 'fastify-plugin'
import { createAudit } from '../../lib/audit/audit.ts'
import type { Audit } from '../../lib/audit/audit.ts'
import { createEncryption } from '../../lib/crypto/encryption.ts'
import { createAuditEventStore } from '../../lib/audit/event-store.ts'
import { purposes } from '../../lib/crypto/purposes.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly audit: Audit }
}

export default fp(async function keepAuditTrail (app) {
  app.decorate('audit', createAudit(createAuditEventStore(), {
    wrapping: createEncryption(app.secrets.derive(purposes.auditSubjectKeys)),
    anonymous: createEncryption(app.secrets.derive(purposes.auditEventsWithoutSubject)),
    addressKeys: app.secrets.derive(purposes.auditAddresses)
  }))
}, { name: 'audit', dependencies: ['secrets'] })
