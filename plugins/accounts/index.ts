import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import accountsPlugin from './accounts.ts'

export default fp<FeatureOptions>(async function accountsFeature (app, { config, clock }) {
  await app.register(accountsPlugin, { ...config.accounts, clock })
}, { name: 'accounts' })
