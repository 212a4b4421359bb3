import fp from 'fastify-plugin'

/** How long (ms) one read waits for a wake-up, and how long a failed one is not repeated. */
const patience = 2000
const pause = 500

// Hears that another node has written a change, on a connection of its own because the read blocks.
// Nothing is lost when it does not hear: the feed reads twice a second anyway.
export default fp(async function hearWakeUps (app) {
  const redis = app.redis.another(patience + 2000)
  const closing = new AbortController()

  redis.on('error', () => {})
  app.addHook('onReady', async () => { hear().catch(error => app.log.error({ err: error }, 'wake-ups')) })
  app.addHook('onClose', async () => {
    closing.abort()
    redis.disconnect()
  })

  async function hear () {
    while (!closing.signal.aborted) {
      try {
        if (redis.status === 'wait') await redis.connect()
        if (await redis.xread('COUNT', 1, 'BLOCK', patience, 'STREAMS', 'changes', '$')) await app.feed.read()
      } catch {
        await new Promise(resolve => setTimeout(resolve, pause))
      }
    }
  }
}, { name: 'wake-ups', dependencies: ['stores'] })
