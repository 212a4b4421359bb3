import fp from 'fastify-plugin'
import { createSigningKeys } from '../../lib/keys/signing-keys.ts'
import type { SigningKeys } from '../../lib/keys/signing-keys.ts'
import type { FeatureOptions } from '../feature.ts'
import keyringPlugin from './keyring.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly signingKeys: SigningKeys }
}

export default fp<FeatureOptions>(async function keysFeature (app, { config, clock }) {
  await app.register(keyringPlugin, { ...config.keyring, clock })

  const { keyring, audit } = app
  app.decorate('signingKeys', createSigningKeys({ keyring, audit }))
}, { name: 'keys', dependencies: ['audit'] })
