import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import mailJobs from './mail-jobs.ts'
import mailer from './mailer.ts'

export default fp<FeatureOptions>(async function mailFeature (app, { config, clock, workers }) {
  await app.register(mailer, { ...config.mail, ...config.process, tracing: app.tracing })
  if (workers) await app.register(mailJobs, { ...config.mail, clock })
}, { name: 'mail', dependencies: ['monitoring'] })
