import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import userTransfers from './user-transfers.ts'

export default fp<FeatureOptions>(async function transfersFeature (app, { config, clock }) {
  await app.register(userTransfers, { ...config.accounts, clock })
}, { name: 'transfers' })
