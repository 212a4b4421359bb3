import fp from 'fastify-plugin'
import { createSealSigner } from '../../lib/audit/signatures.ts'
import { createAuditVerification } from '../../lib/audit/verification.ts'
import type { AuditVerification } from '../../lib/audit/verification.ts'
import { createAuditSealStore } from '../../lib/audit/seal-store.ts'
import { purposes } from '../../lib/crypto/purposes.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly auditVerification: AuditVerification }
}

/** Holds the audit trail against its seals. It reads, and needs nothing but Postgres. */
export default fp(async function verifyAuditTrail (app) {
  app.decorate('auditVerification', createAuditVerification(createAuditSealStore(app.database), createSealSigner(app.secrets.derive(purposes.auditSeals))))
}, { name: 'audit-verification', dependencies: ['postgres', 'secrets'] })
