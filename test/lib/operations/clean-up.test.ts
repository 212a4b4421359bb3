import t from 'tap'
import { createCleanUp } from '../../../lib/operations/clean-up.ts'
import type { CleanUpResult } from '../../../lib/operations/clean-up.ts'
import type { Metrics } from '../../../lib/operations/metrics.ts'
import type { Batch, Kind } from '../../../lib/operations/clean-up-store.ts'

const day = 86_400_000
const lifetimes = { registrationTtl: 7 * day, refreshTokenTtl: 7 * day, sessionTtl: 30 * day }

t.test('a run removes everything that is over, of every kind, and says how much', async t => {
  const { run, counted, logged, gauge } = prepare({ rows: { registrations: 3, expired_sessions: 4567, changes: 1000 } })
  const result = await run()

  t.match(result, {
    isComplete: true,
    removed: { registrations: 3, expired_sessions: 4567, changes: 1000, ended_sessions: 0, known_devices: 0 }
  })
  t.strictSame(counted, { registrations: 3, expired_sessions: 4567, changes: 1000 })
  t.match(logged, [{ level: 'info', removed: { registrations: 3, expired_sessions: 4567, changes: 1000 }, isComplete: true, seconds: Number }], 'one line')
  t.strictSame(Object.keys(logged[0]?.['removed'] ?? {}).length, 3)
  t.equal(gauge('latchkey_clean_up_success_timestamp_seconds'), 1_800_000_000)
  t.ok(gauge('latchkey_clean_up_duration_seconds') > 0)
})

t.test('with nothing to remove, a run asks once for each kind, logs nothing aloud and still succeeds', async t => {
  const { run, asked, counted, logged, gauge } = prepare()
  t.match(await run(), { isComplete: true })

  t.equal(asked.length, 10)
  t.equal(new Set(asked.map(({ kind }) => kind)).size, 10)
  t.strictSame(counted, {})
  t.match(logged, [{ level: 'debug' }])
  t.equal(gauge('latchkey_clean_up_success_timestamp_seconds'), 1_800_000_000)
})

t.test('each kind of row is kept for its own time', async t => {
  const ages = async (settings = lifetimes, offset = 0) => {
    const { run, asked } = prepare({ settings, offset })
    await run()
    return Object.fromEntries(asked.map(({ kind, age }) => [kind, age / day]))
  }

  t.strictSame(await ages(), {
    registrations: 7,
    one_time_tokens: 1 / 24,
    known_devices: 365,
    waiting_totp_secrets: 1 / 24,
    spent_challenges: 1 / 24,
    failed_jobs: 14,
    changes: 1,
    epoch_changes: 30,
    ended_sessions: 7,
    expired_sessions: 1
  })
  t.match(
    await ages({ registrationTtl: 90 * day, refreshTokenTtl: 14 * day, sessionTtl: 60 * day }),
    { registrations: 90, ended_sessions: 14, epoch_changes: 60 }
  )
  t.match(await ages({ registrationTtl: day, refreshTokenTtl: 1000, sessionTtl: 1000 }), { ended_sessions: 1, epoch_changes: 1 }, 'a day at least')
  t.match(await ages(lifetimes, day), { registrations: 6, expired_sessions: 0, ended_sessions: 6, changes: 1, epoch_changes: 30, failed_jobs: 14 }, 'times that Postgres wrote are not moved with our clock')
})

t.test('a batch begins where the previous one ended', async t => {
  const { run, asked } = prepare({ rows: { ended_sessions: 400 } })
  await run()
  const batches = asked.filter(({ kind }) => kind === 'ended_sessions')

  t.strictSame(batches.map(({ from }) => from.getTime()), [0, 100, 300])
})

t.test('batches grow up to their size while they are quick, and shrink when they are slow', async t => {
  const quick = prepare({ rows: { expired_sessions: 5000 }, took: () => 50 })
  await quick.run()
  t.strictSame(quick.limits(), [100, 200, 400, 800, 1000, 1000, 1000, 1000])

  const slow = prepare({ rows: { expired_sessions: 1000 }, took: limit => limit / 2 })
  await slow.run()
  t.ok(slow.limits().slice(1).every(limit => limit <= 200))
  t.strictSame(slow.limits().slice(0, 5), [100, 200, 100, 200, 100])

  const stuck = prepare({ rows: { expired_sessions: 300 }, took: () => 1000 })
  await stuck.run()
  t.strictSame(stuck.limits().slice(0, 9), [100, 50, 25, 13, 7, 4, 2, 1, 1], 'never none')

  const small = prepare({ rows: { expired_sessions: 30 }, batchSize: 7 })
  await small.run()
  t.ok(small.limits().every(limit => limit === 7))
})

t.test('a run works a tenth of the time', async t => {
  const { run, pauses } = prepare({ rows: { expired_sessions: 3000 }, took: limit => limit / 40 })
  await run()

  t.strictSame(pauses, [22.5, 45, 90, 180, 225])
})

t.test('a run that is told to stop ends with the current batch', async t => {
  const stopping = new AbortController()
  const { run, asked, logged, gauge } = prepare({ rows: { expired_sessions: 10_000 } })
  const result = await run({
    signal: stopping.signal,
    report: (_kind, removed) => {
      if (removed >= 700) stopping.abort()
    }
  })

  t.match(result, { isComplete: false, removed: { expired_sessions: 700 } })
  t.equal(asked.length, 9 + 3)
  t.match(logged, [{ level: 'info', isComplete: false, removed: { expired_sessions: 700 } }])
  t.throws(() => gauge('latchkey_clean_up_success_timestamp_seconds'), 'which is not shown then')
  t.match(await prepare({ rows: { changes: 5 } }).run({ signal: stopping.signal }), {
    isComplete: false,
    removed: { changes: 0 }
  })
})

t.test('a rest ends at once when the run is told to stop', async t => {
  const stopping = new AbortController()
  const { run } = prepare({ rows: { expired_sessions: 10_000 }, took: () => 10_000_000, rests: true })
  const result = run({
    signal: stopping.signal,
    report: (_kind, removed) => {
      if (removed > 0) setImmediate(() => stopping.abort())
    }
  })

  t.match(await result, { isComplete: false, removed: { expired_sessions: 100 } })
})

t.test('a run takes no longer than its limit', async t => {
  const { run } = prepare({ rows: { expired_sessions: 100_000 }, took: () => 50 })
  const { isComplete, removed } = await run({ timeoutMs: 1000 })

  t.equal(isComplete, false)
  t.ok(removed.expired_sessions > 0 && removed.expired_sessions < 5000)
})

t.test('an error that ends a run is logged, and the rows removed so far are counted', async t => {
  const { run, counted, gauge } = prepare({ rows: { changes: 50, expired_sessions: 300 }, breaksAt: 'expired_sessions' })
  await t.rejects(run(), /no connection/)

  t.strictSame(counted, { changes: 50 })
  t.throws(() => gauge('latchkey_clean_up_success_timestamp_seconds'), 'which is not shown then')
})

/** A clean-up of this many rows, the n-th of which is of the time n; a batch takes `took` milliseconds. */
function prepare ({
  rows = {},
  took = () => 1,
  settings = lifetimes,
  offset = 0,
  batchSize = 1000,
  rests = false,
  breaksAt
}: {
  rows?: Partial<Record<Kind, number>>,
  took?: (limit: number) => number,
  settings?: typeof lifetimes,
  offset?: number,
  batchSize?: number,
  rests?: boolean,
  breaksAt?: Kind
} = {}) {
  const asked: (Batch & { kind: Kind })[] = []
  const pauses: number[] = []
  const counted: Partial<Record<Kind, number>> = {}
  const logged: Record<string, unknown>[] = []
  const gauges = new Map<string, () => number>()
  const gone: Partial<Record<Kind, number>> = {}
  let time = 0

  const metrics: Pick<Metrics, 'increment' | 'gauge'> = {
    increment (_name, labels, count = 1) {
      const kind = Object.values(labels)[0] as Kind
      if (count > 0) counted[kind] = (counted[kind] ?? 0) + count
    },
    gauge (name, _help, read) { gauges.set(name, read) }
  }
  const { run } = createCleanUp({
    store: {
      remove: async (kind, batch) => {
        asked.push({ kind, ...batch })
        if (kind === breaksAt) throw new Error('no connection')
        time += took(batch.limit)
        const removed = Math.min(batch.limit, (rows[kind] ?? 0) - (gone[kind] ?? 0))
        gone[kind] = (gone[kind] ?? 0) + removed
        return { removed, last: removed > 0 ? new Date(gone[kind] ?? 0) : null }
      }
    },
    log: { info: fields => { logged.push({ level: 'info', ...fields }) }, debug: fields => { logged.push({ level: 'debug', ...fields }) } },
    metrics,
    clock: { now: () => 1_800_000_000_000, monotonic: () => time, offset },
    batchSize,
    lifetimes: settings,
    ...(!rests && { pause: async (milliseconds: number) => { pauses.push(milliseconds); time += milliseconds } })
  })

  return {
    run: run as (options?: Parameters<typeof run>[0]) => Promise<CleanUpResult>,
    asked,
    pauses,
    counted,
    logged,
    gauge: (name: string) => Number(gauges.get(name)?.()),
    limits: () => asked.filter(({ kind }) => kind === 'expired_sessions').map(({ limit }) => limit)
  }
}
