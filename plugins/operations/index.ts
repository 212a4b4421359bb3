import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'
import type { FeatureOptions } from '../feature.ts'
import cleanUp from './clean-up.ts'
import docs from './docs.ts'
import draining from './draining.ts'
import examinations from './examinations.ts'
import findingsLog from './findings-log.ts'
import gauges from './gauges.ts'
import keyGauges from './key-gauges.ts'
import metricsPort from './metrics-port.ts'
import operationsToken from './operations-token.ts'
import probes from './probes.ts'
import writeWatches from './write-watches.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What is in force at this node, without secrets. */
    readonly settings: Config['settings']
  }
}

export default fp<FeatureOptions>(async function operationsFeature (app, { config, clock, workers }) {
  app.decorate('settings', config.settings)
  await app.register(operationsToken, config.operations)
  await app.register(cleanUp, { ...config.cleanUp, clock, workers })
  await app.register(writeWatches)
  await app.register(probes)
  await app.register(gauges, config.postgres)
  await app.register(keyGauges)
  await app.register(metricsPort, { ...config.operations, ...config.process })
  await app.register(docs, { ...config.operations, ...config.process })
  await app.register(draining)
  if (workers) {
    const { database, redis, mailer } = app
    await app.register(examinations, {
      config,
      database: async () => database,
      redis: async () => redis,
      mailer: async () => mailer
    })
    await app.register(findingsLog)
  }
}, { name: 'operations', dependencies: ['stores', 'mail'] })
