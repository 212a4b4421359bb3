import fp from 'fastify-plugin'
import { createAuditSeals } from '../../lib/audit/seals.ts'
import type { AuditSeals } from '../../lib/audit/seals.ts'
import { createSealSigner } from '../../lib/audit/signatures.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createAuditSealStore } from '../../lib/audit/seal-store.ts'
import { purposes } from '../../lib/crypto/purposes.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly auditSeals: AuditSeals }
}

export default fp<Config['audit'] & { clock: Clock }>(async function sealAuditTrail (app, { retention, clock }) {
  const { database, log, metrics, statistics: { countSealed: count } } = app
  const signer = createSealSigner(app.secrets.derive(purposes.auditSeals))
  const auditSeals = createAuditSeals({ database, store: createAuditSealStore(database), signer, log, metrics, clock, count, retention })

  app.decorate('auditSeals', auditSeals)
  app.addHook('preClose', () => auditSeals.stop())
}, { name: 'audit-seals', dependencies: ['postgres', 'secrets', 'metrics', 'statistics'] })
