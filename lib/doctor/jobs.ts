import type { Finding } from '../config/warnings.ts'
import type { QueueCounts } from '../jobs/job-store.ts'

/** A job is taken within seconds of being due while a node runs. */
const overdueMaxMs = 300_000

export function judgeJobs (queues: Pick<QueueCounts, 'queue' | 'failed' | 'overdueMs'>[]): Finding[] {
  return queues.flatMap(({ queue, failed, overdueMs }): Finding[] => [
    ...(failed === 0
      ? []
      : [{
          code: 'jobs_failed',
          severity: 'warning' as const,
          message: `${failed} ${failed === 1 ? 'job has' : 'jobs have'} failed for good in the queue ${queue}` +
            `${queue === 'mail' ? ': somebody waits for a mail that was not sent.' : '.'}`,
          advice: `select error, count(*) from jobs where queue = '${queue}' and failed_at is not null group by error; ` +
            'docs/operations.md says how to try them again. They are removed after 14 days.'
        }]),
    ...(overdueMs <= overdueMaxMs
      ? []
      : [{
          code: 'jobs_waiting',
          severity: 'warning' as const,
          message: `A job of the queue ${queue} should have been done ${Math.round(overdueMs / 60_000)} minutes ago.`,
          advice: 'Running nodes do the jobs. If one runs, its log says what keeps it from that.'
        }])
  ])
}
