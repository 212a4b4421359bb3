import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import introspection from './introspection.ts'
import services from './services.ts'

export default fp<FeatureOptions>(async function oauthFeature (app, { config, clock }) {
  await app.register(services, { ...config.rateLimits, clock })
  await app.register(introspection)
}, { name: 'oauth' })
