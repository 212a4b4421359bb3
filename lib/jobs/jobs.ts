import { failureOf, noTracing } from '../context/tracing.ts'
import type { Tracing } from '../context/tracing.ts'
import { beginWork, endWork, runWork } from '../context/work.ts'
import { Refusal } from '../errors.ts'
import type { ErrorPlace } from '../operations/error-event.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Job, JobStore } from './job-store.ts'
import type { Transaction } from '../stores/database.ts'

/**
 * Does one job. If it throws, the attempt has failed, and the message of the error is stored for operators. A handler
 * that takes long watches the signal, which is aborted when the node stops.
 */
export type JobHandler = (job: Job, stopping: AbortSignal) => Promise<void>

/** Thrown by a handler if something outside this code keeps it from its work: a mail server, say. */
export class AttemptFailure extends Error {
  override readonly name: string = 'AttemptFailure'
}

/** Thrown by a handler if another attempt would fail in the same way: the job counts as failed at once. */
export class PermanentFailure extends AttemptFailure {
  override readonly name = 'PermanentFailure'
}

interface Failure { reason: string, isPermanent: boolean }

export interface WorkOptions {
  /** The most jobs of this queue that one node does at once. */
  concurrency?: number
  /** How long a job may take. After that another node may begin it again. */
  leaseMs?: number
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

interface JobParts {
  store: JobStore
  log: JobLog
  metrics: Pick<Metrics, 'increment'>
  tracing?: Tracing
  /** Is told of errors of a handler that nobody has expected. */
  report?: (error: unknown, place: ErrorPlace) => void
}

export type Jobs = ReturnType<typeof createJobs>

/** Pauses between attempts: the first three attempts are within a minute, the last is about a day after the first. */
const pausesMs = [5, 30, 3 * 60, 10 * 60, 30 * 60, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 8 * 3600].map(s => s * 1000)
/** How often a job is attempted before it counts as failed. */
const defaultAttemptsMax = 3
/** A mail waits for a mail server that is away for a day, or that asks to come again (greylisting, RFC 6647). */
const attemptsMax: Readonly<Record<string, number>> = { mail: pausesMs.length + 1 }

/** Milliseconds from the start of a worker to its first look, and from sending a job (in a transaction) to the next. */
const firstLookMs = 15
/** A node asks at least this often whether the next job of a scheduled queue is due. */
const scheduleCheckMs = 30_000

/**
 * Work that outlives its request. A job is a row that is written in the transaction that needs it: so it exists
 * exactly if its cause does, and survives the crash of any node, because a node that takes it only holds a lease.
 * After its last attempt (attempts_max, with growing pauses between them), or a permanent failure, a job stays as
 * failed. A job may run twice, but never not at all.
 */
export function createJobs (parts: JobParts) {
  const { store } = parts
  const workers = new Map<string, ReturnType<typeof createWorker>>()
  let lastLook: Promise<unknown> = Promise.resolve()

  return { send, sendAll, work, wake, stop, queues, counts: store.counts, countDue: store.countDue }

  /** Writes a job in a transaction, by one statement. This node looks for it shortly after. */
  async function send (tx: Transaction, queue: string, data: object): Promise<void> {
    await store.add(tx, queue, data, attemptsMax[queue] ?? defaultAttemptsMax)
    workers.get(queue)?.look(firstLookMs)
  }

  /** Writes many jobs in a transaction, by one statement. */
  async function sendAll (tx: Transaction, queue: string, data: object[]): Promise<void> {
    await store.addAll(tx, queue, data, attemptsMax[queue] ?? defaultAttemptsMax)
    workers.get(queue)?.look(firstLookMs)
  }

  /**
   * Lets this node do the jobs of a queue from now until `stop`.
   * @throws TypeError if the queue has a worker here already
   */
  function work (queue: string, handler: JobHandler, options: WorkOptions = {}): void {
    if (workers.has(queue)) throw new TypeError(`queue ${queue} has a worker already`)
    for (const outcome of ['done', 'failed']) parts.metrics.increment('jobs', { name: queue, outcome }, 0)
    workers.set(queue, createWorker(parts, inTurn, queue, handler, options))
  }

  // The queues of a node are looked into at the same moments. All at once, that would keep a connection open for each.
  function inTurn<T> (look: () => Promise<T>): Promise<T> {
    const done = lastLook.then(look)
    lastLook = done.catch(() => {})
    return done
  }

  /** The queues whose jobs this node does. */
  function queues (): string[] {
    return [...workers.keys()]
  }

  /** Lets this node look for due jobs of a queue now. */
  function wake (queue: string): void {
    workers.get(queue)?.look(0)
  }

  /**
   * Takes no more jobs and waits up to `timeoutMs` for those that are being done. A job that is not done by then is
   * done again, by another node, when its lease ends.
   */
  async function stop (timeoutMs: number): Promise<void> {
    await Promise.all(Array.from(workers.values(), worker => worker.stop(timeoutMs)))
  }
}

function createWorker (
  parts: JobParts, inTurn: InTurn, queue: string, handler: JobHandler, options: WorkOptions
) {
  const { store, log, metrics, tracing = noTracing, report } = parts
  const { concurrency = 4, leaseMs = 60_000, lookIntervalMs = 1000, scheduleIntervalMs } = options
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
    timer = { at, handle: setTimeout(poll, delayMs) }
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
      const jobs = await store.take(queue, wanted, leaseMs)

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
    const failure = await within(leaseMs, handle(job)).then(() => null, explain)
    if (failure === null) {
      await store.finish(job)
      return metrics.increment('jobs', { name: queue, outcome: 'done' })
    }

    const { reason: error, isPermanent } = failure
    const isFinal = await store.fail(job, error, { delayMs: delayAfter(job.attempt), isPermanent })
    if (isFinal) giveUp(job, error)
    else log.warn({ queue, job: job.id, attempt: job.attempt, error }, 'job failed, it is tried again')
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

/**
 * Milliseconds before the next attempt, with up to a fifth more at random, so that many jobs that failed together are
 * not tried again together.
 */
function delayAfter (attempt: number) {
  const pauseMs = pausesMs[attempt - 1] ?? pausesMs.at(-1) ?? 0
  return pauseMs * (1 + Math.random() / 5)
}

function isExpected (error: unknown): boolean {
  return error instanceof AttemptFailure || (error instanceof Refusal && error.status !== 500)
}

/** Why an attempt failed, and whether another one would be of no use. */
function explain (error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  return { reason: message.slice(0, 300), isPermanent: error instanceof PermanentFailure }
}

function within<T> (timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not done within ${timeoutMs} ms`)), timeoutMs)
    // A handler that hangs must not keep the process alive when nothing else does.
    timer.unref()
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
