import fp from 'fastify-plugin'
import { createSightings } from '../../lib/sessions/sightings.ts'
import type { Sightings } from '../../lib/sessions/sightings.ts'
import { createSightingStore } from '../../lib/sessions/sighting-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly sightings: Sightings }
}

/** How often (ms) what waits is written. */
const interval = 5000

export default fp(async function writeSightings (app) {
  const sightings = createSightings(createSightingStore(app.database).write)
  const flush = () => sightings.flush().catch(error => app.log.warn({ err: error }, 'sightings'))
  const timer = setInterval(flush, interval)

  app.decorate('sightings', sightings)
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await flush()
  })
}, { name: 'sightings', dependencies: ['postgres'] })
