import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createRevocations } from '../../lib/changes/revocations.ts'
import type { Revocations } from '../../lib/changes/revocations.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly revocations: Revocations }
}

/** The longest allowed access token and a minute (ms). */
const keep = 61 * 60_000

export default fp<{ clock: Clock }>(async function rememberRevocations (app, { clock }) {
  const revocations = createRevocations(clock, { keep })
  const timer = setInterval(revocations.forget, 60_000)

  app.decorate('revocations', revocations)
  app.addHook('onClose', async () => clearInterval(timer))
}, { name: 'revocations' })
