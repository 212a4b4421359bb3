import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createHealth } from '../../lib/operations/health.ts'
import type { Health } from '../../lib/operations/health.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly health: Health }
}

export type HealthPluginOptions = Pick<Config['operations'], 'readyGrace'> & { clock: Pick<Clock, 'monotonic'> }

/** How often (ms) the probes that are due are run. */
const tickIntervalMs = 500

/**
 * `app.health`. plugins/operations/probes.ts registers the probes, which run in the background until the server closes.
 */
export default fp<HealthPluginOptions>(async function watchHealth (app, { readyGrace, clock }) {
  const health = createHealth({ readyGrace, now: clock.monotonic })
  let timer: NodeJS.Timeout | undefined

  app.decorate('health', health)
  app.addHook('onReady', async () => { timer = setInterval(() => { health.tick() }, tickIntervalMs) })
  app.addHook('preClose', async () => health.drain())
  app.addHook('onClose', async () => clearInterval(timer))
}, { name: 'health' })
