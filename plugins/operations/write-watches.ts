import fp from 'fastify-plugin'
import { createWriteRefusalStore } from '../../lib/operations/write-refusal-store.ts'
import { createWriteWatch } from '../../lib/operations/write-watch.ts'
import type { WriteWatch } from '../../lib/operations/write-watch.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly writeWatches: Readonly<Record<'database' | 'redis', WriteWatch>> }
}

/** `app.writeWatches` know whether each store takes writes, and say in the log when that turns. */
export default fp(async function watchWrites (app) {
  const refusals = createWriteRefusalStore(app.feedDatabase, app.scripts)

  app.decorate('writeWatches', {
    database: createWriteWatch({ read: refusals.database, report: reporting('database') }),
    redis: createWriteWatch({ read: refusals.redis, report: reporting('redis') })
  })

  function reporting (store: string) {
    return (reason: string | null) => {
      if (reason === null) app.log.warn({ store }, `${store} takes writes again`)
      else app.log.warn({ store, reason }, `${store} answers and takes no writes: nobody can sign in`)
    }
  }
}, { name: 'write-watches', dependencies: ['stores'] })
