import fp from 'fastify-plugin'
import { createChangeStore } from '../../lib/changes/change-store.ts'
import { createUnitsOfWork } from '../../lib/changes/unit-of-work.ts'
import type { UnitsOfWork } from '../../lib/changes/unit-of-work.ts'
import type { FeatureOptions } from '../feature.ts'
import changeFeed from './change-feed.ts'
import revocations from './revocations.ts'
import wakeUps from './wake-ups.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly unitsOfWork: UnitsOfWork }
}

export default fp<FeatureOptions>(async function changesFeature (app, { clock }) {
  await app.register(revocations, { clock })
  await app.register(changeFeed, { clock })
  await app.register(wakeUps)

  const { database, flows, feed } = app
  const changes = createChangeStore(database)
  const publish: typeof feed.publish = written => feed.publish(written)
  app.decorate('unitsOfWork', createUnitsOfWork({ database, changes, publish, flows }))
}, { name: 'changes', dependencies: ['stores'] })
