import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createFactorGauges } from '../../lib/factors/factor-gauges.ts'
import { createRegularLooks } from '../../lib/operations/regular-looks.ts'
import { createFactorPolicyStore } from '../../lib/users/factor-policy-store.ts'

/** How often (ms) a listening node counts the users who lack a factor. */
const lookIntervalMs = 600_000

/** A gauge of the users who lack the second factor that their role demands. */
export default fp<{ clock: Clock }>(async function showFactors (app, { clock }) {
  const { metrics, database } = app
  const { look } = createFactorGauges({ store: createFactorPolicyStore(database), metrics, clock })
  const looks = createRegularLooks(look, {
    intervalMs: lookIntervalMs,
    note: error => app.log.debug({ err: error }, 'users without a factor could not be counted')
  })
  app.addHook('onListen', async () => looks.start())
  app.addHook('onClose', async () => looks.stop())
}, { name: 'factor-gauges', dependencies: ['monitoring', 'stores'] })
