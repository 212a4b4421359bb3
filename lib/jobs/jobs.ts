import type { Metrics } from '../operations/metrics.ts'
import type { Job, JobStore } from './job-store.ts'
import type { Transaction } from '../stores/database.ts'

/**
 * Does one job. What it throws counts as a failed attempt; its message is kept where operators see it.
 * Whoever takes long looks at the signal: it is aborted when the node stops.
 */
export type JobHandler = (job: Job, stopping: AbortSignal) => Promise<void>

export interface WorkOptions {
  /** Jobs of this queue that one node does at once. */
  concurrency?: number
  /** Milliseconds a job may take; after that another node may begin it again. */
  lease?: number
  /** Milliseconds between two looks at an empty queue. */
  interval?: number
  /** For a queue that works by the clock: milliseconds from one job to the next, whatever the number of nodes. */
  every?: number
}

export interface JobLog {
  info (fields: object, message: string): void
  warn (fields: object, message: string): void
  error (fields: object, message: string): void
}

interface JobParts {
  store: JobStore
  log: JobLog
  metrics: Pick<Metrics, 'increment'>
}

export type Jobs = ReturnType<typeof createJobs>

/** Milliseconds until the first look after a job was sent: its transaction is about to commit. */
const soon = 15

/**
 * Work that outlives its request. A job is a row written in the transaction that needs it, so it is
 * there exactly if its cause is, and survives a crash of any node: who takes it holds a lease.
 * Three attempts with growing pauses, then it stays as failed. A job may run twice, never not at all.
 */
export function createJobs (parts: JobParts) {
  const { store } = parts
  const workers = new Map<string, ReturnType<typeof createWorker>>()

  return { send, work, wake, stop, counts: store.counts }

  /** Writes a job in a transaction: one statement. This node looks for it at once. */
  async function send (tx: Transaction, queue: string, data: object): Promise<void> {
    await store.add(tx, queue, data)
    workers.get(queue)?.look(soon)
  }

  /** Has this node do the jobs of a queue, from now until `stop`. */
  function work (queue: string, handler: JobHandler, options: WorkOptions = {}): void {
    if (workers.has(queue)) throw new TypeError(`queue ${queue} has a worker already`)
    workers.set(queue, createWorker(parts, queue, handler, options))
  }

  /** Has this node look for due jobs of a queue now. */
  function wake (queue: string): void {
    workers.get(queue)?.look(0)
  }

  /**
   * Takes no more jobs and waits up to so many milliseconds for those in hand; what is not done
   * then is done again elsewhere when its lease ends.
   */
  async function stop (patience: number): Promise<void> {
    await Promise.all(Array.from(workers.values(), worker => worker.stop(patience)))
  }
}

function createWorker ({ store, log, metrics }: JobParts, queue: string, handler: JobHandler, options: WorkOptions) {
  const { concurrency = 4, lease = 60_000, interval = 1000, every } = options
  const inHand = new Set<Promise<void>>()
  const stopping = new AbortController()
  let polling: Promise<void> | undefined
  let timer: { at: number, handle: NodeJS.Timeout } | undefined
  let scheduleAt = 0
  let pause = interval
  let isAway = false
  let isStopped = false

  plan(0)
  return { look, stop }

  function look (delay: number) {
    pause = Math.min(pause, Math.max(delay, soon))
    plan(delay)
  }

  async function stop (patience: number) {
    isStopped = true
    stopping.abort()
    clearTimeout(timer?.handle)
    await polling
    await within(patience, Promise.all(inHand)).catch(() => log.warn({ queue, jobs: inHand.size }, 'jobs are left to their lease'))
  }

  /** The earliest plan counts; while a look is under way `pause` remembers what came in. */
  function plan (delay: number) {
    const at = performance.now() + delay
    if (isStopped || polling !== undefined || (timer !== undefined && timer.at <= at)) return

    clearTimeout(timer?.handle)
    timer = { at, handle: setTimeout(poll, delay) }
  }

  function poll () {
    timer = undefined
    const wanted = concurrency - inHand.size
    // Whoever finishes a job plans the next look.
    if (wanted === 0) return

    pause *= 2
    polling = take(wanted).then(taken => {
      polling = undefined
      pause = taken > 0 ? soon : Math.min(pause, interval)
      plan(taken > 0 ? 0 : pause)
    })
  }

  async function take (wanted: number) {
    try {
      await addScheduled()
      const jobs = await store.take(queue, wanted, lease)

      if (isAway) log.info({ queue }, 'jobs go on')
      isAway = false
      jobs.forEach(begin)
      return jobs.length
    } catch (error) {
      // Said once: it goes on by itself as soon as Postgres is back.
      if (!isAway) log.warn({ queue, err: error }, 'jobs cannot be taken')
      isAway = true
      pause = interval
      return 0
    }
  }

  async function addScheduled () {
    if (every === undefined || performance.now() < scheduleAt) return

    await store.addScheduled(queue, every)
    scheduleAt = performance.now() + Math.min(every, 30_000)
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
      // Its lease brings it back.
      log.warn({ queue, job: job.id, err: error }, 'the outcome of a job could not be noted')
    }
  }

  async function attempt (job: Job) {
    const error = await within(lease, handler(job, stopping.signal)).then(() => null, explain)
    if (error === null) {
      await store.finish(job)
      return metrics.increment('jobs', { name: queue, outcome: 'done' })
    }

    const isFinal = await store.fail(job, error, delayAfter(job.attempt))
    if (isFinal) giveUp(job, error)
    else log.warn({ queue, job: job.id, attempt: job.attempt, error }, 'job failed, it is tried again')
  }

  function giveUp (job: Job, error: string) {
    metrics.increment('jobs', { name: queue, outcome: 'failed' })
    log.error({ queue, job: job.id, attempt: job.attempt, error }, 'job failed for good')
  }
}

/** Milliseconds before the next attempt: 5 s, 30 s, 3 min, … and up to a fifth more, so that many do not come back at once. */
function delayAfter (attempt: number) {
  return 5000 * 6 ** (attempt - 1) * (1 + Math.random() / 5)
}

function explain (error: unknown) {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300)
}

function within<T> (milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not done within ${milliseconds} ms`)), milliseconds)
    // A handler that hangs must not keep a process alive that is done with everything else.
    timer.unref()
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
