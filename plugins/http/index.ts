import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import bearerToken from './bearer-token.ts'
import canonicalForms from './canonical-forms.ts'
import cors from './cors.ts'
import csrf from './csrf.ts'
import emptyBodies from './empty-bodies.ts'
import errors from './errors.ts'
import form from './form.ts'
import handOver from './hand-over.ts'
import headers from './headers.ts'
import host from './host.ts'
import https from './https.ts'
import json from './json.ts'
import methods from './methods.ts'
import requestCaller from './request-caller.ts'
import { securityHeaders } from './security-headers.ts'
import tokenCookies from './token-cookies.ts'

export default fp<FeatureOptions>(async function httpFeature (app, { config }) {
  await app.register(errors)
  await app.register(headers, { securityHeaders })
  await app.register(host)
  await app.register(https, config.http)
  await app.register(cors, config.browser)
  await app.register(methods)
  await app.register(emptyBodies)
  await app.register(json)
  await app.register(form)
  await app.register(canonicalForms)
  await app.register(requestCaller, config.http)
  await app.register(bearerToken)
  await app.register(tokenCookies, { ...config.browser, ...config.http })
  await app.register(csrf, { ...config.browser, ...config.http })
  await app.register(handOver)
}, { name: 'http' })
