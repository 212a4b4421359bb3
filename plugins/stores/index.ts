import fp from 'fastify-plugin'
import { createSecrets } from '../../lib/crypto/secrets.ts'
import type { Secrets } from '../../lib/crypto/secrets.ts'
import type { FeatureOptions } from '../feature.ts'
import postgres from './postgres.ts'
import redisScripts from './redis-scripts.ts'
import redis from './redis.ts'
import schema from './schema.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly secrets: Secrets }
}

export default fp<FeatureOptions>(async function storesFeature (app, { config, schemaVersion }) {
  const { tracing } = app

  await app.register(postgres, { ...config.postgres, tracing })
  await app.register(schema, { schemaVersion })
  await app.register(redis, config.redis)
  await app.register(redisScripts, { ...config.redis, tracing })
  app.decorate('secrets', createSecrets(config.secrets.encryptionKeys))
}, { name: 'stores', dependencies: ['monitoring'] })
