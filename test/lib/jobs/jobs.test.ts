import { once } from 'node:events'
import { EventEmitter } from 'node:events'
import t from 'tap'
import type { Test } from 'tap'
import { beginWork, currentContext, runWork } from '../../../lib/context/work.ts'
import { PermanentFailure } from '../../../lib/jobs/failures.ts'
import { createJobStore } from '../../../lib/jobs/job-store.ts'
import type { Job, JobStore } from '../../../lib/jobs/job-store.ts'
import { createJobs } from '../../../lib/jobs/jobs.ts'
import type { JobHandler, WorkOptions } from '../../../lib/jobs/worker.ts'
import { noMetrics } from '../../../lib/operations/metrics.ts'
import type { Database } from '../../../lib/stores/database.ts'
import { makeDatabase, openDatabase, openStore } from '../../support/database.ts'
import { startStopwatch } from '../../support/stopwatch.ts'
import { until } from '../../support/until.ts'

t.test('a job exists exactly if its transaction commits, and costs one statement', async t => {
  const { database, jobs, rows } = await open(t)
  let statements = 0

  await database.begin(async tx => {
    const counted: typeof tx = Object.assign(((...statement: Parameters<typeof tx>) => {
      statements++
      return tx(...statement)
    }) as typeof tx, tx)
    await jobs.send(counted, 'chores', { kind: 'test' })
  })
  t.equal(statements, 1)
  t.match(await rows(), [{ queue: 'chores', data: { kind: 'test' }, attempts: 0, failedAt: null }])

  await t.rejects(database.begin(async tx => {
    await jobs.send(tx, 'chores', { kind: 'undone' })
    throw new Error('no')
  }))
  t.equal((await rows()).length, 1)
})

t.test('a look that a request causes is the work of the node, not of the request', async t => {
  const looks = new EventEmitter()
  const store = { add: async () => {}, take: async () => { looks.emit('look', currentContext()); return [] } }
  const jobs = createJobs({ store: store as unknown as JobStore, log: console, metrics: noMetrics })
  t.teardown(() => jobs.stop(0))
  jobs.work('chores', async () => {}, { lookIntervalMs: 3_600_000 })
  await once(looks, 'look')
  // The look has ended by then, so that the request plans the next one.
  await new Promise(resolve => setImmediate(resolve))

  const request = beginWork({ findTurn: () => ({ priority: 'stranger', flow: '203.0.113.7' }), log: { request_id: 'a' } })
  await runWork(request, null, () => jobs.send({} as Parameters<typeof jobs.send>[0], 'chores', {}))
  t.same(await once(looks, 'look'), [undefined])
  t.same(await once(looks, 'look'), [undefined], 'nor are the later ones')
})

t.test('a worker does a job within moments of the commit, once, and nothing is left', async t => {
  const { send, work, rows } = await open(t)
  const { handler, next, done } = listen()
  work(handler)

  // The worker has found nothing so far and will not look again for an hour unless it is notified.
  const passed = startStopwatch()
  await send({ kind: 'test', subjectId: 'x' })
  t.match(await next(), { attempt: 1, data: { kind: 'test', subjectId: 'x' } })
  t.ok(passed() < 500)

  await until(async () => (await rows()).length === 0)
  t.equal(done.length, 1)
})

t.test('a worker takes no more jobs than it may, whatever plan Postgres makes', async t => {
  const { url } = await makeDatabase(t)
  const target = new URL(url)
  const nestedLoops = ['hashagg', 'hashjoin', 'mergejoin', 'sort', 'material', 'indexscan', 'bitmapscan']
  target.searchParams.set('options', nestedLoops.map(name => `-c enable_${name}=off`).join(' '))
  const database = openStore(t, target.href, { deadline: 5000 })
  const store = createJobStore(database)
  await database.begin(async tx => {
    for (let number = 0; number < 41; number++) await store.add(tx, 'chores', { number }, 3)
  })

  t.equal((await store.take('chores', 4, 60_000, 3)).length, 4)
  t.match(await database`select count(*)::int as count from jobs where attempts > 0`, [{ count: 4 }])
})

t.test('a failing job is tried three times with growing delays, then it stays and keeps its error', async t => {
  const { send, work, rows, makeDue, jobs, logged } = await open(t)
  const { handler, done } = listen(async () => { throw new Error(`no route ${'x'.repeat(1000)}`) })
  work(handler)
  const pauses: number[] = []

  await send({ kind: 'test' })
  for (const attempt of [1, 2]) {
    await until(async () => (await rows())[0]?.error !== null && done.length === attempt &&
      Number((await rows())[0]?.dueIn) < 45_000)
    const [row] = await rows()
    t.match(row, { attempts: attempt, failedAt: null })
    pauses.push(Number(row?.dueIn))
    await makeDue()
  }
  await until(async () => (await rows())[0]?.failedAt !== null)

  t.match(await rows(), [{ attempts: 3, error: /^no route x+$/ }])
  t.ok(String((await rows())[0]?.error).length <= 300)
  t.ok(Number(pauses[0]) > 3000 && Number(pauses[0]) <= 6000, `${pauses[0]} ms`)
  t.ok(Number(pauses[1]) > 25_000 && Number(pauses[1]) <= 36_000, `${pauses[1]} ms`)
  t.same(await jobs.counts(), [{ queue: 'chores', waiting: 0, failed: 1, overdueMs: 0 }])
  t.equal(logged('error').length, 1)

  await makeDue()
  jobs.wake('chores')
  await send({ kind: 'another' })
  await until(async () => done.length === 4)
  t.equal(done.filter(({ data }) => data['kind'] === 'test').length, 3, 'never again')
})

t.test('a mail is tried three times within a minute, and on for about a day', async t => {
  const { database, jobs } = await open(t)
  jobs.work('mail', async () => { throw new Error('come again later') }, { lookIntervalMs: 5 })
  await database.begin(tx => jobs.send(tx, 'mail', { kind: 'test' }))

  const pausesMs: number[] = []
  for (let attempt = 1; attempt <= 11; attempt++) {
    await until(async () => (await mail())?.attempts === attempt && (await mail())?.error !== null)
    pausesMs.push(Number((await mail())?.dueIn))
    t.equal((await mail())?.failed, attempt === 11, `attempt ${attempt}`)
    await database`update jobs set due_at = now(), error = null where failed_at is null`
    jobs.wake('mail')
  }
  const total = (pauses: number[]) => pauses.reduce((sum, pause) => sum + pause, 0)
  t.ok(total(pausesMs.slice(0, 2)) < 60_000, 'the third attempt comes within a minute')
  t.ok(pausesMs.slice(0, 10).every((pause, index) => index === 0 || pause > (pausesMs[index - 1] ?? 0) * 0.8), 'pauses grow')
  t.ok(total(pausesMs.slice(0, 10)) > 22 * 3_600_000 && total(pausesMs.slice(0, 10)) < 30 * 3_600_000, `${total(pausesMs.slice(0, 10))} ms`)

  async function mail () {
    const [row] = await database<{ attempts: number, error: string | null, failed: boolean, dueIn: number }>`
      select attempts, error, failed_at is not null as failed, extract(epoch from due_at - now())::float8 * 1000 as due_in
      from jobs where queue = 'mail'`
    return row
  }
})

t.test('a job that fails for good is not tried again', async t => {
  const { send, work, rows, logged } = await open(t)
  const { handler, done } = listen(async () => { throw new PermanentFailure('no such mailbox') })
  work(handler)
  await send({ kind: 'test' })

  await until(async () => logged('error').length > 0)
  t.match(await rows(), [{ attempts: 1, failedAt: Date, error: 'no such mailbox' }])
  t.equal(done.length, 1)
  t.equal(logged('error').length, 1)
})

t.test('the reason of a failure is kept, whatever is in it', async t => {
  const { send, work, rows, logged } = await open(t)
  work(async () => { throw new PermanentFailure('no\u0000 such\r\n \u001b[2Jro\u202eute') })
  await send({ kind: 'test' })

  await until(async () => logged('error').length + logged('warn').length > 0)
  t.match(await rows(), [{ attempts: 1, failedAt: Date, error: 'no such [2Jro ute' }])
})

t.test('a job whose node dies halfway is done by another node when its lease ends', async t => {
  const { send, store, work, makeDue, rows } = await open(t)
  await send({ kind: 'test' })

  // The state that a killed process leaves behind: the job was taken, and nothing else happened.
  t.match(await store.take('chores', 10, 60_000, 3), [{ attempt: 1 }])
  t.same(await store.take('chores', 10, 60_000, 3), [], 'nobody else gets it meanwhile')

  const { handler, next } = listen()
  await makeDue()
  work(handler)
  t.match(await next(), { attempt: 2, data: { kind: 'test' } })
  await until(async () => (await rows()).length === 0)
})

t.test('a job that kills every node which takes it is given up and records why', async t => {
  const { send, store, work, makeDue, rows, logged } = await open(t)
  await send({ kind: 'test' })
  for (const attempt of [1, 2, 3]) {
    t.match(await store.take('chores', 10, 60_000, 3), [{ attempt, abandoned: false }])
    await makeDue()
  }

  const { handler, done } = listen()
  work(handler)
  await until(async () => logged('error').length > 0)
  t.match(await rows(), [{ attempts: 3, failedAt: Date, error: 'The last attempt did not come to an end.' }])
  t.equal(done.length, 0)
  t.equal(logged('error').length, 1)
})

t.test('a worker that outlived its lease changes nothing any more', async t => {
  const { send, store, makeDue, rows } = await open(t)
  await send({ kind: 'test' })
  const [slow] = await store.take('chores', 1, 60_000, 3)
  await makeDue()
  const [fast] = await store.take('chores', 1, 60_000, 3)
  if (slow === undefined || fast === undefined) return t.fail('there is a job')

  t.equal(await store.fail(slow, 'too late', { delayMs: 0, isPermanent: false }), false)
  await store.finish(slow)
  t.match(await rows(), [{ attempts: 2, error: null }])
  await store.finish(fast)
  t.same(await rows(), [])
})

t.test('many nodes share a queue: every job is done once, and no node runs more at once than its limit', async t => {
  const { database, logger, rows, send } = await open(t)
  const done: number[] = []
  let maxAtOnce = 0

  for (let node = 0; node < 3; node++) {
    const jobs = createJobs({ store: createJobStore(database), log: logger, metrics: noMetrics })
    t.teardown(() => jobs.stop(1000))
    let atOnce = 0
    jobs.work('chores', async job => {
      maxAtOnce = Math.max(maxAtOnce, ++atOnce)
      done.push(job.id)
      await new Promise(resolve => setImmediate(resolve))
      atOnce--
    }, { concurrency: 2, lookIntervalMs: 20 })
  }
  await Promise.all(Array.from({ length: 60 }, () => send({ kind: 'test' })))
  await until(async () => (await rows()).length === 0)

  t.equal(done.length, 60)
  t.equal(new Set(done).size, 60)
  t.ok(maxAtOnce <= 2)
})

t.test('a node looks into its queues one after another, and into none after it has stopped', async t => {
  const { store, logger } = await open(t)
  const looks = new EventEmitter()
  const held: Array<() => void> = []
  let atOnce = 0
  let atOnceMax = 0
  const watched: typeof store = {
    ...store,
    take: async (...call) => {
      atOnceMax = Math.max(atOnceMax, ++atOnce)
      await new Promise<void>(resolve => { held.push(resolve); looks.emit('look', call[0]) })
      atOnce--
      return await store.take(...call)
    }
  }
  const jobs = createJobs({ store: watched, log: logger, metrics: noMetrics })
  const options = { lookIntervalMs: 3_600_000 }
  for (const queue of ['first', 'second', 'third']) jobs.work(queue, async () => {}, options)

  const order = [(await once(looks, 'look'))[0]]
  for (const queue of ['first', 'second', 'third']) jobs.wake(queue)
  // The others are due, and would look before Postgres answers if they did not wait for their turn.
  await store.countDue('first', 0)
  const next = once(looks, 'look')
  held.shift()?.()
  order.push((await next)[0])
  t.equal(new Set(order).size, 2, 'another queue, when the look before it has ended')
  t.equal(atOnceMax, 1)

  const stopped = jobs.stop(1000)
  held.shift()?.()
  await stopped
  t.equal(held.length, 0, 'the third queue is not looked into any more')
})

t.test('a scheduled queue gets one job for all nodes', async t => {
  const { database, logger, rows, sql } = await open(t)
  const done: number[] = []
  const start = () => {
    const jobs = createJobs({ store: createJobStore(database), log: logger, metrics: noMetrics })
    t.teardown(() => jobs.stop(1000))
    jobs.work('clean-up', async job => { done.push(job.id) }, { scheduleIntervalMs: 3_600_000, lookIntervalMs: 10 })
  }

  for (let node = 0; node < 5; node++) start()
  await until(async () => done.length > 0 && (await rows()).length === 0)
  t.equal(done.length, 1)

  await sql`update job_schedules set due_at = now()`
  start()
  await until(async () => done.length > 1 && (await rows()).length === 0)
  t.equal(done.length, 2, 'the next one when it is time')

  await sql`update job_schedules set due_at = now() + interval '30 days'`
  start()
  await until(async () => done.length > 2 && (await rows()).length === 0)
  t.equal(done.length, 3, 'a shorter interval holds at once')
})

t.test('a job that is not done in time counts as failed and frees its place', async t => {
  const { send, work, rows } = await open(t)
  const { handler } = listen(() => new Promise(() => {}))
  work(handler, { leaseMs: 30, concurrency: 1 })

  await send({ kind: 'test' })
  await until(async () => (await rows())[0]?.error === 'not done within 30 ms')
})

t.test('a job that takes longer than its lease stays with its node, and nothing is left of it', async t => {
  const { database, send, work, rows, logger } = await open(t)
  const gate = new EventEmitter()
  const leaseMs = 1500
  const { handler, next, done } = listen(async () => { await once(gate, 'open') })
  work(handler, { leaseMs, timeoutMs: 600_000 })
  await send({ kind: 'long' })
  await next()

  const others = createJobs({ store: createJobStore(database), log: logger, metrics: noMetrics })
  t.teardown(() => others.stop(1000))
  const other = listen()
  others.work('chores', other.handler, { lookIntervalMs: 5 })
  await until(async () => other.done.length > 0 || Number((await rows())[0]?.age) > 1.5 * leaseMs)
  t.match(await rows(), [{ attempts: 1, error: null }])
  t.ok(Number((await rows())[0]?.dueIn) <= leaseMs, 'if the node died, another one would soon begin it')

  gate.emit('open')
  await until(async () => (await rows()).length === 0)
  t.strictSame([done.length, other.done.length], [1, 0])
})

t.test('a lease outlives two renewals that fail', async t => {
  const { database, send, rows, logger } = await open(t)
  const store = createJobStore(database)
  const gate = new EventEmitter()
  const left: number[] = []
  const flaky = {
    ...store,
    renew: async (...query: Parameters<typeof store.renew>) => {
      left.push(Number((await rows())[0]?.dueIn))
      if (left.length <= 2) throw new Error('no connection')
      return store.renew(...query)
    }
  }
  const jobs = createJobs({ store: flaky, log: logger, metrics: noMetrics })
  t.teardown(() => jobs.stop(1000))
  const { handler } = listen(async () => { await once(gate, 'open') })
  jobs.work('chores', handler, { leaseMs: 1500, timeoutMs: 600_000 })
  await send({ kind: 'long' })

  await until(async () => left.length === 4)
  t.ok(Number(left[2]) > 0, 'the third comes before the end of the lease')
  t.ok(Number(left[3]) > 750, 'and renews it')
  t.match(await rows(), [{ attempts: 1, error: null }])

  gate.emit('open')
  await until(async () => (await rows()).length === 0)
})

t.test('when Postgres is away the worker logs it once and continues by itself', async t => {
  const { database, send, rows, logger, logged } = await open(t)
  let isAway = true
  let asked = 0
  const store = createJobStore(database)
  const flaky = {
    ...store,
    take: async (...query: Parameters<typeof store.take>) => {
      asked++
      if (isAway) throw new Error('no connection')
      return store.take(...query)
    }
  }
  const jobs = createJobs({ store: flaky, log: logger, metrics: noMetrics })
  t.teardown(() => jobs.stop(1000))
  const { handler, next } = listen()
  jobs.work('chores', handler, { lookIntervalMs: 5 })

  await send({ kind: 'test' })
  await until(async () => asked > 5)
  t.equal(logged('warn').length, 1)
  isAway = false
  await next()
  await until(async () => (await rows()).length === 0)
})

t.test('an outcome that cannot be written does no harm: the lease brings the job back', async t => {
  const { database, send, rows, logger, logged } = await open(t)
  const store = createJobStore(database)
  const jobs = createJobs({ store: { ...store, finish: async () => { throw new Error('no connection') } }, log: logger, metrics: noMetrics })
  t.teardown(() => jobs.stop(1000))
  jobs.work('chores', async () => {}, { lookIntervalMs: 5 })

  await send({ kind: 'test' })
  await until(async () => logged('warn').length === 1)
  t.match(await rows(), [{ attempts: 1, failedAt: null }])
})

t.test('a job is not done again because its outcome could not be written at first', async t => {
  const { sql, send, work, rows, logger } = await open(t)
  const events = new EventEmitter()
  const { handler, done, next } = listen(async () => { if (done.length === 1) await once(events, 'end') })
  work(handler, { leaseMs: 6000, lookIntervalMs: 50 })
  await send({ kind: 'test' })
  await next()

  const warned = once(events, 'warning')
  logger.warn = () => events.emit('warning')
  await sql.begin(async tx => {
    await tx`select from jobs for update`
    events.emit('end')
    await until(async () => (await endWaiting()).length > 0)
    await warned
  })
  await until(async () => (await rows()).length === 0)
  t.equal(done.length, 1)

  // As a failover does: the statement is not executed.
  async function endWaiting () {
    return await sql`
      select pg_terminate_backend(pid)
      from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`
  }
})

t.test('stopping takes no further job and waits for the running ones, up to the given time', async t => {
  const { send, work, rows, jobs } = await open(t)
  const gate = new EventEmitter()
  const { handler, next } = listen(async () => { await once(gate, 'open') })
  work(handler, { concurrency: 1 })

  await send({ kind: 'first' })
  await next()
  await send({ kind: 'second' })
  const stopped = jobs.stop(10_000)
  gate.emit('open')
  await stopped
  t.match(await rows(), [{ data: { kind: 'second' }, attempts: 0 }])
})

t.test('a handler that works for long is told by its signal that it is time to stop', async t => {
  const { send, work, rows, jobs } = await open(t)
  const events = new EventEmitter()
  work(async (_job, stopping) => {
    events.emit('begun')
    await once(stopping, 'abort')
  })

  const begun = once(events, 'begun')
  await send({ kind: 'long' })
  await begun
  await jobs.stop(10_000)
  t.same(await rows(), [], 'it has ended in order')
})

t.test('stopping does not wait forever', async t => {
  const { send, work, rows, jobs } = await open(t)
  const { handler, next } = listen(() => new Promise(() => {}))
  work(handler)

  await send({ kind: 'endless' })
  await next()
  await jobs.stop(20)
  t.match(await rows(), [{ data: { kind: 'endless' }, attempts: 1 }])
})

async function open (t: Test) {
  const { database, url } = await openDatabase(t)
  const { connect } = await import('../../support/database.ts')
  const sql = connect(t, url)
  const lines: { level: string, message: string }[] = []
  const note = (level: string) => (_: object, message: string) => { lines.push({ level, message }) }
  const logger = { info: note('info'), warn: note('warn'), error: note('error') }
  const store = createJobStore(database)
  const jobs = createJobs({ store, log: logger, metrics: noMetrics })
  t.teardown(() => jobs.stop(0))

  return {
    database,
    sql,
    store,
    jobs,
    logger,
    logged: (level: string) => lines.filter(line => line.level === level),
    send: (data: object) => database.begin(tx => jobs.send(tx, 'chores', data)),
    work: (handler: JobHandler, options: WorkOptions = {}) => jobs.work('chores', handler, { lookIntervalMs: 3_600_000, ...options }),
    // The time is moved in the row itself.
    makeDue: async () => {
      await sql`update jobs set due_at = now()`
      jobs.wake('chores')
    },
    rows: () => rowsOf(database)
  }
}

async function rowsOf (database: Database) {
  return database<{ id: number, queue: string, data: object, attempts: number, error: string | null, failedAt: Date | null, dueIn: number, age: number }>`
    select *, (extract(epoch from due_at - now()) * 1000)::float8 as due_in, (extract(epoch from now() - created_at) * 1000)::float8 as age
    from jobs
    order by id`
}

/** A handler that records what it is given. */
function listen (work: () => Promise<unknown> = async () => {}) {
  const done: Job[] = []
  const events = new EventEmitter()

  return {
    done,
    next: async (): Promise<Job> => done[0] ?? (await once(events, 'job'))[0],
    handler: async (job: Job) => {
      done.push(job)
      events.emit('job', job)
      await work()
    }
  }
}
