import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createFactorGauges } from '../../lib/factors/factor-gauges.ts'
import { createFactorPolicyStore } from '../../lib/users/factor-policy-store.ts'

/** How often (ms) a listening node counts the users who lack a factor. */
const lookIntervalMs = 600_000

/** A gauge of the users who lack the second factor that their role demands. */
export default fp<{ clock: Clock }>(async function showFactors (app, { clock }) {
  const { metrics, database } = app
  const gauges = createFactorGauges({ store: createFactorPolicyStore(database), metrics, clock })
  let timer: NodeJS.Timeout | undefined

  app.addHook('onListen', async () => {
    look()
    timer = setInterval(look, lookIntervalMs)
  })
  app.addHook('onClose', async () => clearInterval(timer))

  // If Postgres does not answer, the gauge shows nothing after some time, and other alarms say why.
  function look () {
    gauges.look().catch((error: unknown) => app.log.debug({ err: error }, 'users without a factor could not be counted'))
  }
}, { name: 'factor-gauges', dependencies: ['monitoring', 'stores'] })
