import fp from 'fastify-plugin'
import statistics from './statistics.ts'
import statisticsSchedule from './statistics-schedule.ts'
import type { FeatureOptions } from '../feature.ts'
import auditPlugin from './audit.ts'
import auditSealSchedule from './audit-seal-schedule.ts'
import auditSeals from './audit-seals.ts'

export default fp<FeatureOptions>(async function auditFeature (app, { config, clock, workers }) {
  await app.register(auditPlugin)
  await app.register(statistics, { clock })
  await app.register(auditSeals, { ...config.audit, clock })
  if (workers) await app.register(auditSealSchedule)
  if (workers) await app.register(statisticsSchedule)
}, { name: 'audit' })
