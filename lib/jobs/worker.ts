import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { failureOf, noTracing } from '../context/tracing.ts'
import type { Tracing } from '../context/tracing.ts'
import { beginWork, endWork, runWork } from '../context/work.ts'
import type { ErrorPlace } from '../operations/error-event.ts'
import type { Metrics } from '../operations/metrics.ts'
import { attemptsMaxOf, delayAfter } from './attempts.ts'
import { explain, isExpected } from './failures.ts'
import type { Job, JobStore } from './job-store.ts'

/**
 * Does one job. If it throws, the attempt has failed, and the message of the error is stored for operators. A handler
 * that takes long watches the signal, which is aborted when the node stops.
 */
export type JobHandler = (job: Job, stopping: AbortSignal) => Promise<void>

export interface WorkOptions {
  /** The most jobs of this queue that one node does at once. */
  concurrency?: number
  /**
   * For how long a job is this node's alone. A node that lives renews it until the job ends; once a node has died,
   * another one begins its jobs again when this has passed.
   */
  leaseMs?: number
  /** How long a job may take; as long as its first lease, unless it is said. */
  timeoutMs?: number
  /** How long a node waits between two looks into an empty queue. */
  lookIntervalMs?: number
  /** For a scheduled queue: the time from one job to the next, however many nodes there are. */
  scheduleIntervalMs?: number
}

export interface JobLog {
  info (fields: object, message: string): void
  warn (fields: object, message: string): void
  error (fields: object, message: string): void
}

/** Runs looks into queues one after another. */
type InTurn = <T>(look: () => Promise<T>) => Promise<T>

export interface JobParts {
  store: JobStore
  log: JobLog
  metrics: Pick<Metrics, 'increment'>
  tracing?: Tracing
  /** Is told of errors of a handler that nobody has expected. */
  report?: (error: unknown, place: ErrorPlace) => void
}

/** Milliseconds from the start of a worker to its first look, and from sending a job (in a transaction) to the next. */
export const firstLookMs = 15
/** A lease is renewed this often before it would end, so two renewals may fail. */
const renewalsPerLease = 3
/** While Postgres does not take an outcome, it is written again this often before the lease ends. */
const outcomesPerLease = 12
/** A node asks at least this often whether the next job of a scheduled queue is due. */
const scheduleCheckMs = 30_000

/**
 * Does the jobs of one queue on this node, several at once. It looks for them whenever one may be due, and less often
 * the longer the queue is empty.
 */
export function createWorker (
  parts: JobParts, inTurn: InTurn, queue: string, handler: JobHandler, options: WorkOptions
) {
  const { store, log, metrics, tracing = noTracing, report } = parts
  const { concurrency = 4, leaseMs = 60_000, timeoutMs = leaseMs, lookIntervalMs = 1000, scheduleIntervalMs } = options
  // A request that sends a job plans a look. The look, and all that follow it, are not part of the request.
  const inOwnContext = AsyncLocalStorage.snapshot()
  const inHand = new Set<Promise<void>>()
  const stopping = new AbortController()
  let polling: Promise<void> | undefined
  let timer: { at: number, handle: NodeJS.Timeout } | undefined
  let scheduleAt = 0
  /** Milliseconds to the next look. It doubles up to `lookIntervalMs` while the queue is empty. */
  let pauseMs = lookIntervalMs
  let isAway = false
  let isStopped = false

  // Not at once: what else a node does when it starts goes first, on the connection that is open.
  plan(firstLookMs)
  return { look, stop }

  function look (delayMs: number) {
    pauseMs = Math.min(pauseMs, Math.max(delayMs, firstLookMs))
    plan(delayMs)
  }

  async function stop (timeoutMs: number) {
    isStopped = true
    stopping.abort()
    clearTimeout(timer?.handle)
    await polling
    await within(timeoutMs, Promise.all(inHand)).catch(() => {
      log.warn({ queue, jobs: inHand.size }, 'jobs are left to their lease')
    })
  }

  /** Plans a look. The earliest plan counts; during a look, `pauseMs` keeps what was asked for meanwhile. */
  function plan (delayMs: number) {
    const at = performance.now() + delayMs
    if (isStopped || polling !== undefined || (timer !== undefined && timer.at <= at)) return

    clearTimeout(timer?.handle)
    timer = { at, handle: setTimeout(() => inOwnContext(poll), delayMs) }
  }

  function poll () {
    timer = undefined
    const wanted = concurrency - inHand.size
    // The next job that ends plans the next look.
    if (wanted <= 0) return

    pauseMs *= 2
    polling = inTurn(() => take(wanted)).then(taken => {
      polling = undefined
      pauseMs = taken > 0 ? firstLookMs : Math.min(pauseMs, lookIntervalMs)
      plan(taken > 0 ? 0 : pauseMs)
    })
  }

  async function take (wanted: number) {
    if (isStopped) return 0
    try {
      await addScheduled()
      const jobs = await store.take(queue, wanted, leaseMs, attemptsMaxOf(queue))

      if (isAway) log.info({ queue }, 'jobs go on')
      isAway = false
      jobs.forEach(begin)
      return jobs.length
    } catch (error) {
      // Logged once: work continues by itself as soon as Postgres answers again.
      if (!isAway) log.warn({ queue, err: error }, 'jobs cannot be taken')
      isAway = true
      pauseMs = lookIntervalMs
      return 0
    }
  }

  async function addScheduled () {
    if (scheduleIntervalMs === undefined || performance.now() < scheduleAt) return

    await store.addScheduled(queue, scheduleIntervalMs)
    scheduleAt = performance.now() + Math.min(scheduleIntervalMs, scheduleCheckMs)
  }

  function begin (job: Job & { abandoned: boolean }) {
    if (job.abandoned) return giveUp(job, 'its last attempt did not come to an end')

    const done = run(job).finally(() => {
      inHand.delete(done)
      plan(0)
    })
    inHand.add(done)
  }

  async function run (job: Job) {
    try {
      await attempt(job)
    } catch (error) {
      // The job is done again when its lease ends.
      log.warn({ queue, job: job.id, err: error }, 'the outcome of a job could not be noted')
    }
  }

  async function attempt (job: Job) {
    const failure = await keep(job, within(timeoutMs, handle(job))).then(() => null, explain)
    if (failure === null) {
      await note(job, () => store.finish(job))
      return metrics.increment('jobs', { name: queue, outcome: 'done' })
    }

    const { reason: error, isPermanent } = failure
    const isFinal = await note(job, () => store.fail(job, error, { delayMs: delayAfter(job.attempt), isPermanent }))
    if (isFinal) giveUp(job, error)
    else log.warn({ queue, job: job.id, attempt: job.attempt, error }, 'job failed, it is tried again')
  }

  /** Writes an outcome until Postgres takes it or the lease has ended, because then another node does the job again. */
  async function note<T> (job: Job, write: () => Promise<T>): Promise<T> {
    const leaseEnd = performance.now() + leaseMs
    for (let tries = 1; ; tries++) {
      try {
        return await write()
      } catch (error) {
        if (stopping.signal.aborted || performance.now() >= leaseEnd) throw error
        if (tries === 1) log.warn({ queue, job: job.id, err: error }, 'the outcome of a job is not noted yet')
        await pause(leaseMs / outcomesPerLease, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
      }
    }
  }

  /** Renews the lease of a job until its work has ended. Its outcome is written after the last renewal. */
  async function keep (job: Job, work: Promise<void>) {
    let renewal: Promise<void> | undefined
    const timer = setInterval(() => {
      // If that goes on, the lease ends, and another node begins the job again.
      renewal = store.renew(job, leaseMs).catch(error => log.warn({ queue, job: job.id, err: error }, 'a lease is not renewed'))
    }, leaseMs / (renewalsPerLease + 1))
    timer.unref()

    await work.finally(async () => {
      clearInterval(timer)
      await renewal
    })
  }

  async function handle (job: Job) {
    const trace = tracing.begin(`job ${queue}`, { attributes: { 'latchkey.job.attempt': job.attempt } })
    const work = beginWork({ log: { job: String(job.id), ...trace?.ids } })
    let failure: string | null = null

    try {
      await runWork(work, trace?.span ?? null, () => handler(job, stopping.signal))
    } catch (error) {
      failure = failureOf(error)
      if (!isExpected(error) && !stopping.signal.aborted) {
        report?.(error, { where: `job ${queue}`, traceId: trace?.ids['trace_id'], spanId: trace?.ids['span_id'] })
      }
      throw error
    } finally {
      endWork(work)
      trace?.end({ failure })
    }
  }

  function giveUp (job: Job, error: string) {
    metrics.increment('jobs', { name: queue, outcome: 'failed' })
    log.error({ queue, job: job.id, attempt: job.attempt, error }, 'job failed for good')
  }
}

function within<T> (timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not done within ${timeoutMs} ms`)), timeoutMs)
    // A handler that hangs must not keep the process alive when nothing else does.
    timer.unref()
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
