import fp from 'fastify-plugin'
import { createCleanUp } from '../../lib/operations/clean-up.ts'
import type { CleanUp } from '../../lib/operations/clean-up.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createCleanUpStore } from '../../lib/operations/clean-up-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly cleanUp: CleanUp }
}

export default fp<Config['cleanUp'] & { clock: Clock }>(async function cleanUp (app, { clock, batchSize, ...lifetimes }) {
  const { log, metrics, database } = app
  app.decorate('cleanUp', createCleanUp({ store: createCleanUpStore(database), log, metrics, clock, batchSize, lifetimes }))
}, { name: 'clean-up', dependencies: ['postgres', 'metrics'] })
