import fp from 'fastify-plugin'
import { createSightings } from '../lib/sightings.ts'
import type { Sightings } from '../lib/sightings.ts'
import { createSessionStore } from '../lib/stores/sessions.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly sightings: Sightings }
}

/** How often (ms) what waits is written. */
const interval = 5000

export default fp<{ refreshTokenTtl: number }>(async function writeSightings (app, { refreshTokenTtl }) {
  const sightings = createSightings(createSessionStore(app.database, { idle: refreshTokenTtl }).saw)
  const flush = () => sightings.flush().catch(error => app.log.warn({ err: error }, 'sightings'))
  const timer = setInterval(flush, interval)

  app.decorate('sightings', sightings)
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await flush()
  })
}, { name: 'sightings', dependencies: ['postgres'] })
