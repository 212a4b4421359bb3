import fp from 'fastify-plugin'

/** How long (ms) one read waits for a wake-up. */
const readTimeoutMs = 2000
/** After its end a read has this long (ms) to answer before the connection is given up. */
const answerGraceMs = 2000
/** How long (ms) to wait after a failed read. */
const retryDelayMs = 500

// Reads the feed as soon as another node has written a change. It has a connection of its own, because its reads block.
// A lost wake-up loses no change: the feed reads twice a second anyway.
export default fp(async function followWakeUps (app) {
  const redis = app.redis.another(readTimeoutMs + answerGraceMs)
  const closing = new AbortController()

  redis.on('error', () => {})
  app.addHook('onReady', async () => { follow().catch(error => app.log.error({ err: error }, 'wake-ups')) })
  app.addHook('onClose', async () => {
    closing.abort()
    redis.disconnect()
  })

  async function follow () {
    while (!closing.signal.aborted) {
      try {
        if (redis.status === 'wait') await redis.connect()
        const woken = await redis.xread('COUNT', 1, 'BLOCK', readTimeoutMs, 'STREAMS', 'changes', '$')
        if (woken) await app.feed.read()
      } catch {
        await new Promise(resolve => setTimeout(resolve, retryDelayMs))
      }
    }
  }
}, { name: 'wake-ups', dependencies: ['stores'] })
