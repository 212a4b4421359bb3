import fp from 'fastify-plugin'
import { createAuditSealStore } from '../../lib/audit/seal-store.ts'
import { createAuditSeals } from '../../lib/audit/seals.ts'
import { createAuditPartitionStore } from '../../lib/audit/partition-store.ts'
import { createUnsealedStore } from '../../lib/audit/unsealed-store.ts'
import { createSealSigner } from '../../lib/audit/signatures.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { purposes } from '../../lib/crypto/purposes.ts'

/** The nodes that listen seal the audit trail, one at a time. */
export default fp<Config['audit'] & { clock: Clock }>(async function sealAuditTrail (app, { retention, clock }) {
  const { database, secrets, log, metrics, statistics: { countSealed: count } } = app
  const signer = createSealSigner(secrets.derive(purposes.auditSeals))
  const seals = createAuditSeals({
    database,
    store: createAuditSealStore(database),
    unsealed: createUnsealedStore(database),
    partitions: createAuditPartitionStore(database),
    signer,
    log,
    metrics,
    clock,
    count,
    retention
  })

  app.addHook('onListen', async () => seals.start())
  app.addHook('preClose', () => seals.stop())
}, { name: 'audit-seals', dependencies: ['monitoring', 'stores'] })
