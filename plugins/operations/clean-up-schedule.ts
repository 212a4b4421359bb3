import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'

/** So long (ms) a run may take; what is left then is another's, of whichever node. */
const atMost = 10 * 60_000

/** Has the nodes that listen clean up by the clock, one at a time. */
export default fp<Pick<Config['cleanUp'], 'interval'>>(async function scheduleCleanUps (app, { interval }) {
  app.addHook('onListen', async () => app.jobs.work('clean-up', async (_job, signal) => {
    const { isComplete } = await app.cleanUp.run({ signal, atMost })
    if (!isComplete) await app.jobs.send(app.database, 'clean-up', {})
  }, { concurrency: 1, every: interval, interval: Math.min(interval, 30_000), lease: 2 * atMost }))
}, { name: 'clean-up-schedule', dependencies: ['clean-up', 'jobs', 'postgres'] })
