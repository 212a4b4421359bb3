import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import changeFeed from './change-feed.ts'
import revocations from './revocations.ts'
import wakeUps from './wake-ups.ts'

export default fp<FeatureOptions>(async function changesFeature (app, { clock }) {
  await app.register(revocations, { clock })
  await app.register(changeFeed, { clock })
  await app.register(wakeUps)
}, { name: 'changes' })
