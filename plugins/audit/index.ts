import fp from 'fastify-plugin'
import { createAudit } from '../../lib/audit/audit.ts'
import type { Audit } from '../../lib/audit/audit.ts'
import { createAuditEventStore } from '../../lib/audit/event-store.ts'
import { createEventMacs } from '../../lib/audit/macs.ts'
import { createEncryption } from '../../lib/crypto/encryption.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import type { FeatureOptions } from '../feature.ts'
import auditSeals from './audit-seals.ts'
import statistics from './statistics.ts'
import trailVerifications from './trail-verifications.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly audit: Audit }
}

export default fp<FeatureOptions>(async function auditFeature (app, { config, clock, workers }) {
  const { secrets, feed } = app

  app.decorate('audit', createAudit(createAuditEventStore(), {
    wrapping: createEncryption(secrets.derive(purposes.auditSubjectKeys)),
    anonymous: createEncryption(secrets.derive(purposes.auditEventsWithoutSubject)),
    addressKeys: secrets.derive(purposes.auditAddresses),
    macs: createEventMacs(
      secrets.derive(purposes.auditMacs),
      () => clock.now() - clock.offset - feed.clockSkewMs()
    )
  }))
  await app.register(trailVerifications)
  await app.register(statistics, { clock, workers })
  await app.register(auditSeals, { ...config.audit, clock, workers })
}, { name: 'audit', dependencies: ['stores', 'changes'] })
