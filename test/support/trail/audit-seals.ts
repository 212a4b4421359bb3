import type { FastifyInstance } from 'fastify'
import { createEventMacs } from '../../../lib/audit/macs.ts'
import { createAuditPartitionStore } from '../../../lib/audit/partition-store.ts'
import { createAuditSealStore } from '../../../lib/audit/seal-store.ts'
import { createAuditSeals } from '../../../lib/audit/seals.ts'
import type { AuditSeals } from '../../../lib/audit/seals.ts'
import { createSealSigner } from '../../../lib/audit/signatures.ts'
import { createUnsealedStore } from '../../../lib/audit/unsealed-store.ts'
import { createClock } from '../../../lib/clock.ts'
import { createEncryption } from '../../../lib/crypto/encryption.ts'
import { purposes } from '../../../lib/crypto/purposes.ts'
import { createSecrets } from '../../../lib/crypto/secrets.ts'
import { createKeyAuthenticity } from '../../../lib/keys/authenticity.ts'
import { isOfOthers } from '../../../lib/keys/ring.ts'
import { readSigningKeys } from '../../../lib/keys/signing-key-store.ts'

const made = new WeakMap<FastifyInstance, AuditSeals>()

/**
 * The service with which a listening node seals the trail, to be called by the test. There is one for each node,
 * because it remembers how far the chain reached. `retention` (ms) counts at the first call.
 */
export function sealsOf (app: FastifyInstance, { retention = null }: { retention?: number | null } = {}): AuditSeals {
  const seals = made.get(app) ?? createSeals(app, retention)
  made.set(app, seals)
  return seals
}

/** Signs and checks events as the nodes of a deployment do. */
export function macsOf ({ ENCRYPTION_KEY: keys }: { ENCRYPTION_KEY: string }) {
  return createEventMacs(createSecrets(keys.split(',').map(key => Buffer.from(key, 'base64'))).derive(purposes.auditMacs))
}

function createSeals (app: FastifyInstance, retention: number | null) {
  const { database, secrets, log, metrics, statistics } = app
  const ring = {
    encryption: createEncryption(secrets.derive(purposes.signingKeys)),
    authenticity: createKeyAuthenticity(secrets.derive(purposes.signingKeyRows))
  }

  return createAuditSeals({
    database,
    store: createAuditSealStore(database),
    unsealed: createUnsealedStore(database),
    partitions: createAuditPartitionStore(database),
    signer: createSealSigner(secrets.derive(purposes.auditSeals)),
    isShutOut: async tx => isOfOthers(await readSigningKeys(tx ?? database), ring),
    log,
    // The listening node may have registered these gauges already.
    metrics: { ...metrics, gauge: () => {} },
    clock: createClock(),
    count: statistics.countSealed,
    retention
  })
}
