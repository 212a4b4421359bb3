import fp from 'fastify-plugin'

/** Milliseconds from one count to the next, whatever the number of nodes. */
const every = 300_000

/** Has the nodes that listen count what nobody can count while somebody waits, one at a time. */
export default fp(async function scheduleStatistics (app) {
  app.addHook('onListen', async () => app.jobs.work('statistics', async (_job, signal) => {
    await app.statistics.tidy(signal)
  }, { concurrency: 1, every, interval: 30_000 }))
}, { name: 'statistics-schedule', dependencies: ['statistics', 'jobs'] })
