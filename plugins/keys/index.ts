import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import keyring from './keyring.ts'
import signingKeys from './signing-keys.ts'

export default fp<FeatureOptions>(async function keysFeature (app, { config, clock }) {
  await app.register(keyring, { ...config.keyring, clock })
  await app.register(signingKeys)
}, { name: 'keys' })
