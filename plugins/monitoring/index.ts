import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import health from './health.ts'
import httpMetrics from './http-metrics.ts'
import metrics from './metrics.ts'
import processFigures from './process-figures.ts'

export default fp<FeatureOptions>(async function monitoringFeature (app, { config, clock }) {
  await app.register(metrics)
  await app.register(processFigures, config.process)
  await app.register(httpMetrics)
  await app.register(health, { ...config.operations, clock })
}, { name: 'monitoring' })
