import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import scripts from './redis-scripts.ts'
import postgres from './postgres.ts'
import redis from './redis.ts'
import schema from './schema.ts'
import secrets from './secrets.ts'

export default fp<FeatureOptions>(async function storesFeature (app, { config }) {
  await app.register(postgres, config.postgres)
  await app.register(schema)
  await app.register(redis, config.redis)
  await app.register(scripts)
  await app.register(secrets, config.secrets)
}, { name: 'stores' })
