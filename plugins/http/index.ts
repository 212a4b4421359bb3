import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import bearerToken from './bearer-token.ts'
import caller from './request-caller.ts'
import cors from './cors.ts'
import csrf from './csrf.ts'
import docs from './docs.ts'
import errors from './errors.ts'
import form from './form.ts'
import handOver from './hand-over.ts'
import headers from './headers.ts'
import health from './health.ts'
import host from './host.ts'
import httpMetrics from './http-metrics.ts'
import https from './https.ts'
import json from './json.ts'
import methods from './methods.ts'
import metrics from './metrics.ts'
import operations from './operations.ts'
import { securityHeaders } from './security-headers.ts'
import tokenCookies from './token-cookies.ts'

export default fp<FeatureOptions>(async function httpFeature (app, { config, clock }) {
  await app.register(metrics)
  await app.register(httpMetrics)
  await app.register(errors)
  await app.register(headers, { securityHeaders })
  await app.register(host)
  await app.register(https, config.http)
  await app.register(cors, config.browser)
  await app.register(methods)
  await app.register(json)
  await app.register(form)
  await app.register(caller)
  await app.register(bearerToken)
  await app.register(tokenCookies, config.browser)
  await app.register(csrf, { ...config.browser, ...config.http })
  await app.register(handOver)
  await app.register(operations, config.operations)
  await app.register(health, { ...config.operations, clock })
  await app.register(docs, { ...config.operations, ...config.http, ...config.process })
}, { name: 'http' })
