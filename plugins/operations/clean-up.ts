import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createCleanUpStore } from '../../lib/operations/clean-up-store.ts'
import { createCleanUp } from '../../lib/operations/clean-up.ts'
import type { CleanUp } from '../../lib/operations/clean-up.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly cleanUp: CleanUp }
}

type CleanUpOptions = Config['cleanUp'] & { clock: Clock, workers: boolean }

/** A run stops after ten minutes (ms) and queues a follow-up job, which any node may take. */
const runTimeoutMs = 10 * 60_000

/** How often (ms) at most a node checks whether a run is due. */
const lookIntervalMs = 30_000

/** `app.cleanUp`. The listening nodes clean up at intervals, one node at a time. */
export default fp<CleanUpOptions>(async function provideCleanUp (app, options) {
  const { clock, workers, interval, batchSize, ...lifetimes } = options
  const { log, metrics, database } = app
  const cleanUp = createCleanUp({
    store: createCleanUpStore(database),
    log,
    metrics,
    clock,
    batchSize,
    lifetimes,
    encryptAgain: app.totpKeeping.encryptAgain
  })
  const schedule = {
    concurrency: 1,
    scheduleIntervalMs: interval,
    lookIntervalMs: Math.min(interval, lookIntervalMs),
    leaseMs: 2 * runTimeoutMs
  }

  app.decorate('cleanUp', cleanUp)
  if (workers) app.addHook('onListen', async () => app.jobs.work('clean-up', run, schedule))

  async function run (_job: unknown, signal: AbortSignal) {
    const { isComplete } = await cleanUp.run({ signal, timeoutMs: runTimeoutMs })
    if (!isComplete) await app.jobs.send(database, 'clean-up', {})
  }
}, { name: 'clean-up', dependencies: ['monitoring', 'stores', 'jobs', 'factors'] })
