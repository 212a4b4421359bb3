import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import errorReports from './error-reports.ts'
import health from './health.ts'
import httpMetrics from './http-metrics.ts'
import metrics from './metrics.ts'
import processFigures from './process-figures.ts'
import requestEnds from './request-ends.ts'
import type { RequestEndsOptions } from './request-ends.ts'
import requestErrors from './request-errors.ts'
import requestTraces from './request-traces.ts'
import traces from './traces.ts'

export default fp<FeatureOptions>(async function monitoringFeature (app, { config, clock, workers }) {
  const ends: RequestEndsOptions['ends'] = []

  await app.register(metrics)
  await app.register(processFigures, config.process)
  // A command has no requests, and says on the terminal what goes wrong.
  const [endpoint, dsn] = workers ? [config.traces.endpoint, config.errorReports.dsn] : [null, null]
  await app.register(traces, { ...config.traces, ...config.process, endpoint })
  await app.register(requestEnds, { ends })
  await app.register(requestTraces, { ...config.traces, ...config.http, ends })
  await app.register(errorReports, { ...config.process, ...config.errorReports, dsn })
  await app.register(requestErrors)
  await app.register(httpMetrics, { ends })
  await app.register(health, { ...config.operations, clock })
}, { name: 'monitoring' })
