import fp from 'fastify-plugin'
import type { Config } from '../lib/config.ts'
import { createSecrets } from '../lib/secrets.ts'
import type { Secrets } from '../lib/secrets.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly secrets: Secrets }
}

export default fp<Config['secrets']>(async function deriveSecrets (app, { encryptionKeys }) {
  app.decorate('secrets', createSecrets(encryptionKeys))
}, { name: 'secrets' })
