import fp from 'fastify-plugin'
import { createAuditSealStore } from '../../lib/audit/seal-store.ts'
import { createEventMacs } from '../../lib/audit/macs.ts'
import { createSealSigner } from '../../lib/audit/signatures.ts'
import { createAuditVerification } from '../../lib/audit/verification/verification.ts'
import type { AuditVerification } from '../../lib/audit/verification/verification.ts'
import type { Config } from '../../lib/config/config.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import { createSecrets } from '../../lib/crypto/secrets.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly auditVerification: AuditVerification }
}

/**
 * `app.auditVerification` compares the audit trail with its seals. It only reads, and needs Postgres and the key alone,
 * so a command registers it without the features.
 */
export default fp<Config['secrets']>(async function verifyAuditTrail (app, { encryptionKeys }) {
  const secrets = createSecrets(encryptionKeys)

  app.decorate('auditVerification', createAuditVerification(
    createAuditSealStore(app.database),
    createSealSigner(secrets.derive(purposes.auditSeals)),
    createEventMacs(secrets.derive(purposes.auditMacs))
  ))
}, { name: 'audit-verification', decorators: { fastify: ['database'] } })
