import type { Clock } from '../clock.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { FactorPolicyGap, FactorPolicyStore } from '../users/factor-policy-store.ts'

interface FactorGaugeParts {
  store: Pick<FactorPolicyStore, 'listGaps'>
  metrics: Pick<Metrics, 'gauges'>
  clock: Pick<Clock, 'monotonic'>
}

/** Figures that are older than this (ms) are not shown any more. */
const staleAfterMs = 1_800_000

/**
 * Shows how many users lack the second factor that their role demands, as of the last `look`: every node shows the
 * same. Reading the metrics asks no store.
 */
export function createFactorGauges ({ store, metrics, clock }: FactorGaugeParts) {
  let gaps: FactorPolicyGap[] = []
  let lookedAt = -Infinity

  metrics.gauges(
    'latchkey_users_without_second_factor',
    'Active users who lack the second factor that their role demands, now or from a date on, by role; of a role 10,000 users are looked at.',
    'role',
    () => clock.monotonic() - lookedAt > staleAfterMs ? [] : gaps.map(({ role, count }) => [role, count] as const)
  )
  return { look }

  /**
   * Counts the users.
   * @throws Refusal `unavailable`
   */
  async function look (): Promise<void> {
    gaps = await store.listGaps()
    lookedAt = clock.monotonic()
  }
}
