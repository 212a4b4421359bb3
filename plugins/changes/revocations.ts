import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createRenewableRevocations } from '../../lib/changes/renewable-revocations.ts'
import type { RenewableRevocations } from '../../lib/changes/renewable-revocations.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly revocations: RenewableRevocations }
}

/** How often (ms) changes that are older are dropped: each time a part, so that a flood of them holds nothing up. */
const forgetIntervalMs = 1000

export default fp<{ clock: Clock }>(async function rememberRevocations (app, { clock }) {
  const revocations = createRenewableRevocations(clock)
  const timer = setInterval(revocations.forget, forgetIntervalMs)

  app.decorate('revocations', revocations)
  app.addHook('onClose', async () => clearInterval(timer))
}, { name: 'revocations' })
