import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import verifier from './verifier.ts'

export default fp<FeatureOptions>(async function webauthnFeature (app, { config }) {
  await app.register(verifier, config.passkeys)
}, { name: 'webauthn' })
