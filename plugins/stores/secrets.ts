import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'
import { createSecrets } from '../../lib/crypto/secrets.ts'
import type { Secrets } from '../../lib/crypto/secrets.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly secrets: Secrets }
}

export default fp<Config['secrets']>(async function deriveSecrets (app, { encryptionKeys }) {
  app.decorate('secrets', createSecrets(encryptionKeys))
}, { name: 'secrets' })
