import type { Clock } from '../clock.ts'
import type { Figures, Metrics } from '../operations/metrics.ts'
import type { QueueCounts } from './job-store.ts'
import type { Jobs } from './jobs.ts'

interface JobGaugesParts {
  jobs: Pick<Jobs, 'queues' | 'counts'>
  metrics: Pick<Metrics, 'gauges'>
  clock: Pick<Clock, 'monotonic'>
}

/** Figures that are older than this (ms) are not shown any more. */
const staleAfterMs = 120_000

const empty: Omit<QueueCounts, 'queue'> = { waiting: 0, failed: 0, overdueMs: 0 }

/**
 * Shows what waits and what has failed in each queue of the deployment, as of the last `look`: every node shows the
 * same. A queue without jobs that this node works on is shown with 0. Reading the metrics asks no store.
 */
export function createJobGauges ({ jobs, metrics, clock }: JobGaugesParts) {
  let queues = new Map<string, Omit<QueueCounts, 'queue'>>()
  let lookedAt = -Infinity

  show('latchkey_jobs_waiting', 'Jobs that wait or are being done, by queue, counted up to 10,000.', ({ waiting }) => waiting)
  show('latchkey_jobs_failed', 'Jobs that failed for good and are kept, by queue, counted up to 10,000.', ({ failed }) => failed)
  show(
    'latchkey_jobs_overdue_seconds',
    'How long the job that should have been begun first has been due, by queue.',
    ({ overdueMs }) => overdueMs / 1000
  )
  return { look }

  /**
   * Counts the jobs.
   * @throws Refusal `unavailable`
   */
  async function look (): Promise<void> {
    const counted = await jobs.counts()
    queues = new Map(jobs.queues().map(queue => [queue, empty]))
    for (const { queue, ...counts } of counted) queues.set(queue, counts)
    lookedAt = clock.monotonic()
  }

  function show (name: string, help: string, figure: (counts: Omit<QueueCounts, 'queue'>) => number) {
    metrics.gauges(name, help, 'queue', (): Figures => {
      if (clock.monotonic() - lookedAt > staleAfterMs) return []
      return Array.from(queues, ([queue, counts]) => [queue, figure(counts)] as const)
    })
  }
}
