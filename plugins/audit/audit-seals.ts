import fp from 'fastify-plugin'
import { createAuditSealStore } from '../../lib/audit/seal-store.ts'
import { createAuditSeals } from '../../lib/audit/seals.ts'
import type { AuditSeals } from '../../lib/audit/seals.ts'
import { createAuditPartitionStore } from '../../lib/audit/partition-store.ts'
import { createUnsealedStore } from '../../lib/audit/unsealed-store.ts'
import { createSealSigner } from '../../lib/audit/signatures.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createEncryption } from '../../lib/crypto/encryption.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import { createKeyAuthenticity } from '../../lib/keys/authenticity.ts'
import { isOfOthers } from '../../lib/keys/ring.ts'
import { readSigningKeys } from '../../lib/keys/signing-key-store.ts'
import type { Transaction } from '../../lib/stores/database.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly auditSeals: Pick<AuditSeals, 'continueChain'> }
}

export type AuditSealsOptions = Config['audit'] & { clock: Clock, workers: boolean }

/** The nodes that listen seal the audit trail, one at a time. `app.auditSeals` is for the operator. */
export default fp<AuditSealsOptions>(async function sealAuditTrail (app, { retention, clock, workers }) {
  const { database, secrets, log, metrics, statistics: { countSealed: count } } = app
  const signer = createSealSigner(secrets.derive(purposes.auditSeals))
  const ring = {
    encryption: createEncryption(secrets.derive(purposes.signingKeys)),
    authenticity: createKeyAuthenticity(secrets.derive(purposes.signingKeyRows))
  }
  const seals = createAuditSeals({
    database,
    store: createAuditSealStore(database),
    unsealed: createUnsealedStore(database),
    partitions: createAuditPartitionStore(database),
    signer,
    isShutOut: async (tx?: Transaction) => isOfOthers(await readSigningKeys(tx ?? database), ring),
    log,
    metrics,
    clock,
    count,
    retention
  })

  app.decorate('auditSeals', { continueChain: seals.continueChain })
  if (workers) {
    app.addHook('onListen', async () => seals.start())
    app.addHook('preClose', () => seals.stop())
  }
}, { name: 'audit-seals', dependencies: ['monitoring', 'stores'] })
