import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import tokenResponses from './token-responses.ts'
import sessionsPlugin from './sessions.ts'
import sightings from './sightings.ts'

export default fp<FeatureOptions>(async function sessionsFeature (app, { config, clock }) {
  await app.register(sightings)
  await app.register(sessionsPlugin, { ...config.sessions, rateLimits: config.rateLimits, clock })
  await app.register(tokenResponses, { ...config.sessions, clock })
}, { name: 'sessions' })
