import fp from 'fastify-plugin'
import { createAuditSealStore } from '../../lib/audit/seal-store.ts'
import { createSealSigner } from '../../lib/audit/signatures.ts'
import { createAuditVerification } from '../../lib/audit/verification.ts'
import type { AuditVerification } from '../../lib/audit/verification.ts'
import type { Config } from '../../lib/config/config.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import { createSecrets } from '../../lib/crypto/secrets.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly auditVerification: AuditVerification }
}

/** Holds the audit trail against its seals. It reads, and needs Postgres and the key: a command registers it alone. */
export default fp<Config['secrets']>(async function verifyAuditTrail (app, { encryptionKeys }) {
  const signer = createSealSigner(createSecrets(encryptionKeys).derive(purposes.auditSeals))

  app.decorate('auditVerification', createAuditVerification(createAuditSealStore(app.database), signer))
}, { name: 'audit-verification', decorators: { fastify: ['database'] } })
