import fp from 'fastify-plugin'
import { createAuditSealStore } from '../../lib/audit/seal-store.ts'
import { createAuditSeals } from '../../lib/audit/seals.ts'
import { createSealSigner } from '../../lib/audit/signatures.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { purposes } from '../../lib/crypto/purposes.ts'

/** The nodes that listen seal the audit trail, one at a time. */
export default fp<Config['audit'] & { clock: Clock }>(async function sealAuditTrail (app, { retention, clock }) {
  const { database, secrets, log, metrics, statistics: { countSealed: count } } = app
  const store = createAuditSealStore(database)
  const signer = createSealSigner(secrets.derive(purposes.auditSeals))
  const seals = createAuditSeals({ database, store, signer, log, metrics, clock, count, retention })

  app.addHook('onListen', async () => seals.start())
  app.addHook('preClose', () => seals.stop())
}, { name: 'audit-seals', dependencies: ['http', 'stores'] })
