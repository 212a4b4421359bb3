import fp from 'fastify-plugin'
import { createHealth } from '../../lib/operations/health.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import type { Health } from '../../lib/operations/health.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly health: Health }
}

export type HealthPluginOptions = Pick<Config['operations'], 'readyGrace'> & { clock: Pick<Clock, 'monotonic'> }

/** How often (ms) is looked whether a probe is due. */
const interval = 500

/** `app.health`: probes in the background from the start to the end. */
export default fp<HealthPluginOptions>(async function watchHealth (app, { readyGrace, clock }) {
  const health = createHealth({ readyGrace, now: clock.monotonic })
  let timer: NodeJS.Timeout | undefined

  app.decorate('health', health)
  app.addHook('onReady', async () => {
    await health.tick()
    health.started()
    timer = setInterval(() => { health.tick() }, interval)
  })
  app.addHook('preClose', async () => health.drain())
  app.addHook('onClose', async () => clearInterval(timer))
}, { name: 'health' })
