import { setTimeout as pause } from 'node:timers/promises'
import type { ListedJob, QueueRepair } from '../lib/jobs/queue-repair.ts'
import { UsageError } from './support/command.ts'
import type { Command, Input, Result, Surroundings } from './support/command.ts'
import { createProgressBar } from './support/progress-bar.ts'
import { withApp } from './support/with-app.ts'

const mails: Command = {
  usage: 'mails [--failed] [--retry ID|all]',
  help: 'shows the mails that wait or have failed, and sends those again that failed or wait for a late attempt; mails that were sent are not kept',
  options: { failed: { type: 'boolean' }, retry: { type: 'string' } },
  positionals: 0,
  run
}
export default mails

const queue = 'mail'
/** More than this is not shown. */
const shownMax = 100

async function run ({ values: { failed, retry } }: Input, surroundings: Surroundings): Promise<Result> {
  const id = idOf(retry)
  return await withApp(surroundings, async ({ queueRepair }) => {
    if (id === 'all') return await retryAll(queueRepair, surroundings)
    return id === null ? await show(queueRepair, failed === true) : await retryOne(queueRepair, id)
  })
}

function idOf (retry: unknown): number | 'all' | null {
  if (retry === undefined) return null
  if (retry === 'all') return 'all'
  if (typeof retry === 'string' && /^[1-9]\d{0,14}$/.test(retry)) return Number(retry)
  throw new UsageError('--retry takes the id of a failed mail, or all.')
}

async function show (queues: QueueRepair, onlyFailed: boolean): Promise<Result> {
  const { jobs, hasMore } = await queues.list(queue, { onlyFailed, limit: shownMax })
  const lines = jobs.map(({ id, kind, ...job }) => `${String(id).padStart(8)}  ${kind ?? '?'}  ${stateOf(job)}`)
  const none = onlyFailed ? 'No mail has failed.' : 'No mail waits, and none has failed.'

  return {
    text: [...(lines.length === 0 ? [none] : lines), ...(hasMore ? ['There are more.'] : [])].join('\n'),
    data: { mails: jobs.map(present), has_more: hasMore }
  }
}

async function retryOne (queues: QueueRepair, id: number): Promise<Result> {
  if (!await queues.retry(queue, id)) throw new Error(`There is no failed mail ${id}.`)
  return { text: `The mail ${id} is sent again.`, data: { retried: 1 } }
}

async function retryAll (queues: QueueRepair, { stderr }: Surroundings): Promise<Result> {
  const bar = createProgressBar(stderr, null)
  try {
    const retried = await queues.retryAll(queue, {
      pause,
      report: ({ retried, isWaiting }) => {
        bar.show(retried, `${retried} mails sent again so far${isWaiting ? ', waiting for some to be sent' : ''}`)
      }
    })
    const are = retried === 1 ? 'mail is' : 'mails are'
    return { text: retried === 0 ? 'No mail has failed.' : `${retried} failed ${are} sent again.`, data: { retried } }
  } finally {
    bar.clear()
  }
}

function stateOf ({ attempts, attemptsMax, dueAt, failedAt, error }: Omit<ListedJob, 'id' | 'kind'>) {
  const reason = error === null ? '' : `: ${error}`
  if (failedAt !== null) return `failed at ${failedAt.toISOString()}, tried ${times(attempts)}${reason}`
  return `waits, tried ${times(attempts)} of ${attemptsMax}, due at ${dueAt.toISOString()}${reason}`
}

function times (count: number) {
  return count === 1 ? 'once' : `${count} times`
}

function present (job: ListedJob) {
  return {
    id: job.id,
    kind: job.kind,
    state: job.failedAt === null ? 'waiting' : 'failed',
    attempts: job.attempts,
    attempts_max: job.attemptsMax,
    created_at: job.createdAt.toISOString(),
    due_at: job.failedAt === null ? job.dueAt.toISOString() : null,
    failed_at: job.failedAt?.toISOString() ?? null,
    error: job.error
  }
}
