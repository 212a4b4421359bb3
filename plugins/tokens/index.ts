import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import deviceTokens from './device-tokens.ts'
import oneTimeTokens from './one-time-tokens.ts'
import tokensPlugin from './tokens.ts'

export default fp<FeatureOptions>(async function tokensFeature (app, { config, clock }) {
  await app.register(tokensPlugin, { ...config.tokens, clock })
  await app.register(oneTimeTokens, { ...config.tokens, clock })
  await app.register(deviceTokens, config.tokens)
}, { name: 'tokens' })
