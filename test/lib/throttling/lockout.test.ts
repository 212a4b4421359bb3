import { randomBytes, randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import t from 'tap'
import type { Test } from 'tap'
import { createClock } from '../../../lib/clock.ts'
import type { Clock } from '../../../lib/clock.ts'
import { createRedisScripts } from '../../../lib/stores/redis-scripts.ts'
import { createBucketStore } from '../../../lib/throttling/bucket-store.ts'
import { createLockout } from '../../../lib/throttling/lockout.ts'
import type { Bucket, Guess, Lockout } from '../../../lib/throttling/lockout.ts'
import { until } from '../../support/until.ts'

const minute = 60_000
const hour = 60 * minute
const key = randomBytes(32)

t.test('five failures lock a bucket for half an hour; meanwhile no password is checked', async t => {
  const { lockout, clock, bucket, wrong, right } = await setUp(t)
  for (let n = 0; n < 4; n++) t.same(await wrong(bucket), { outcome: 'wrong', shutForMs: null })
  t.same(await wrong(bucket), { outcome: 'wrong', shutForMs: 30 * minute })

  for (const elapsed of [0, 10 * minute, 19 * minute + 50_000]) {
    clock.advance(elapsed)
    t.match(await lockout.guard(bucket, async () => { throw new Error('looked at') }), { outcome: 'refused' })
  }
  clock.advance(11_000)
  t.same(await right(bucket), { outcome: 'right' })
})

t.test('each further lock is twice as long, up to twelve hours', async t => {
  const { clock, bucket, wrong } = await setUp(t)
  for (const minutes of [30, 60, 120, 240, 480, 720, 720, 720]) {
    for (let n = 0; n < 4; n++) t.same(await wrong(bucket), { outcome: 'wrong', shutForMs: null })
    t.same(await wrong(bucket), { outcome: 'wrong', shutForMs: minutes * minute })
    clock.advance(minutes * minute - 5000)
    t.match(await wrong(bucket), { outcome: 'refused' })
    clock.advance(5001)
  }
})

t.test('failures are forgotten after twelve quiet hours, not sooner', async t => {
  const { clock, bucket, wrong, fail } = await setUp(t)
  await fail(bucket, 4)
  clock.advance(12 * hour - minute)
  t.match(await wrong(bucket), { shutForMs: 30 * minute }, 'four of this morning count in the evening')

  clock.advance(30 * minute + 12 * hour - minute)
  await fail(bucket, 4)
  t.match(await wrong(bucket), { shutForMs: 60 * minute }, 'it still doubles')

  clock.advance(60 * minute + 12 * hour)
  await fail(bucket, 4)
  t.match(await wrong(bucket), { shutForMs: 30 * minute }, 'it has begun anew')
})

t.test('a success forgets the failures and the doubling of its own bucket only', async t => {
  const { clock, bucket, wrong, right, fail, fresh } = await setUp(t)
  const other = fresh()
  await fail(bucket, 5)
  await fail(other, 4)
  clock.advance(30 * minute + 1)
  await fail(bucket, 4)
  await right(bucket)
  t.match(await wrong(other), { shutForMs: 30 * minute })
  await fail(bucket, 4)
  t.match(await wrong(bucket), { shutForMs: 30 * minute })
})

t.test('to look at a bucket is no try', async t => {
  const { lockout, clock, bucket, wrong, right, fail } = await setUp(t)
  t.same(await lockout.look(bucket), { failures: 0, shuts: 0, shutForMs: null })
  await fail(bucket, 4)
  for (let n = 0; n < 9; n++) t.same(await lockout.look(bucket), { failures: 4, shuts: 0, shutForMs: null })
  t.match(await wrong(bucket), { shutForMs: 30 * minute }, 'the fifth was still free')

  clock.advance(10 * minute)
  const { shutForMs, ...counts } = await lockout.look(bucket)
  t.ok(shutForMs !== null && shutForMs > 19 * minute && shutForMs <= 20 * minute)
  t.same(counts, { failures: 0, shuts: 1 })
  clock.advance(20 * minute)
  t.same(await lockout.look(bucket), { failures: 0, shuts: 1, shutForMs: null })
  await right(bucket)
  t.same(await lockout.look(bucket), { failures: 0, shuts: 0, shutForMs: null })

  await fail(bucket, 4)
  clock.advance(12 * hour)
  t.same(await lockout.look(bucket), { failures: 0, shuts: 0, shutForMs: null }, 'failures that are forgotten')
})

t.test('of a hundred wrong guesses at once on two nodes, five are checked', async t => {
  const { nodes, bucket } = await setUp(t)
  let looked = 0
  const guesses = await Promise.all(Array.from({ length: 100 }, (_, n) =>
    (nodes[n % 2] ?? nodes[0]).guard(bucket, async () => {
      looked++
      await new Promise(resolve => setTimeout(resolve, 30))
      return false
    })))

  t.equal(looked, 5)
  t.same(count(guesses), { wrong: 5, refused: 95 })
  t.equal(guesses.filter(guess => guess.outcome === 'wrong' && guess.shutForMs !== null).length, 1, 'one of them has shut it')
  t.equal(guesses.filter(guess => guess.outcome === 'refused' && guess.refused > 0).length, 1, 'one of them is to be noted')
})

t.test('right guesses at once wait for one another: all are checked, five at a time', async t => {
  const { nodes, bucket } = await setUp(t)
  let running = 0
  let maxRunning = 0
  const guesses = await Promise.all(Array.from({ length: 20 }, (_, n) =>
    (nodes[n % 2] ?? nodes[0]).guard(bucket, async () => {
      maxRunning = Math.max(maxRunning, ++running)
      await new Promise(resolve => setTimeout(resolve, 10))
      running--
      return true
    })))

  t.same(count(guesses), { right: 20 })
  t.ok(maxRunning <= 5, `${maxRunning}`)
})

t.test('a success while wrong guesses are under way frees no more than five places', async t => {
  const { lockout, bucket, wrong, right } = await setUp(t)
  const slow = Array.from({ length: 4 }, () => pending())
  const guesses = slow.map(({ check }) => lockout.guard(bucket, check))
  await Promise.all(slow.map(({ begun }) => begun))
  t.match(await right(bucket), { outcome: 'right' })
  t.match(await wrong(bucket), { shutForMs: null })
  const sixth = lockout.guard(bucket, async () => false)
  slow.forEach(({ finish }) => finish(false))
  t.same(count(await Promise.all([...guesses, sixth])), { wrong: 4, refused: 1 })
})

t.test('a try whose outcome never comes keeps its place for fifteen seconds', async t => {
  const { lockout, clock, bucket, wrong } = await setUp(t)
  await wrong(bucket)
  const lost = Array.from({ length: 4 }, () => pending())
  const guesses = lost.map(({ check }) => lockout.guard(bucket, check))
  await Promise.all(lost.map(({ begun }) => begun))

  await t.rejects(lockout.guard(bucket, async () => false), { code: 'overloaded' }, 'no place')
  clock.advance(15_000)
  t.same(await wrong(bucket), { outcome: 'wrong', shutForMs: null }, 'they count for nothing')

  lost.forEach(({ finish }) => finish(false))
  const late = await Promise.all(guesses)
  t.equal(late.filter(guess => guess.outcome === 'wrong' && guess.shutForMs !== null).length, 1, 'but if it comes late, it counts')
  t.match(await wrong(bucket), { outcome: 'refused' })
})

t.test('a check that never happens is not counted, however often', async t => {
  const { lockout, bucket, wrong, keys } = await setUp(t)
  for (let n = 0; n < 20; n++) await t.rejects(lockout.guard(bucket, async () => { throw new Error('busy') }), { message: 'busy' })
  t.same(await keys(), [])
  t.same(await wrong(bucket), { outcome: 'wrong', shutForMs: null })
})

t.test('refused tries are recorded at once and then once a minute, with their number', async t => {
  const { clock, bucket, wrong, fail } = await setUp(t)
  const noted = async () => { const guess = await wrong(bucket); return guess.outcome === 'refused' ? guess.refused : -1 }
  await fail(bucket, 5)
  t.same([await noted(), await noted(), await noted()], [1, 0, 0])
  clock.advance(minute)
  t.same([await noted(), await noted()], [3, 0])
  clock.advance(minute)
  t.same([await noted(), await noted()], [2, 0])

  clock.advance(28 * minute + 1)
  await fail(bucket, 5)
  t.equal(await noted(), 1, 'anew each time it is shut')
})

t.test('Retry-After is rounded up, so it is never too early', async t => {
  const { clock, bucket, wrong, fail } = await setUp(t)
  const told = async () => { const guess = await wrong(bucket); return guess.outcome === 'refused' ? guess.retryAfter : -1 }
  await fail(bucket, 5)
  t.equal(await told(), 1800)
  clock.advance(4 * minute)
  t.equal(await told(), 1800)
  clock.advance(2 * minute)
  t.equal(await told(), 1500)
  clock.advance(23 * minute + 50_000)
  t.equal(await told(), 300)
})

t.test('every account, device and session has one bucket of its own, with one name', async t => {
  const { lockout } = await setUp(t)
  const [user, device, since] = [randomUUID(), randomUUID(), new Date(1_700_000_000_000)]
  const buckets = [
    lockout.strangersOf('ada@example.com'), lockout.strangersOf('bob@example.com'), lockout.strangersOf(user),
    lockout.deviceOf(user, { deviceId: device, knownSince: since }),
    lockout.deviceOf(device, { deviceId: user, knownSince: since }),
    lockout.deviceOf(user, { deviceId: device, knownSince: new Date(since.getTime() + 1) }),
    lockout.sessionOf(user),
    lockout.sessionOf(device)
  ]
  t.equal(new Set(buckets.map(({ key }) => key)).size, buckets.length)
  t.same(lockout.strangersOf('ada@example.com'), buckets[0])
  t.same(buckets.map(({ kind }) => kind), ['strangers', 'strangers', 'strangers', 'device', 'device', 'device', 'session', 'session'])
})

t.test('a device that an account knows anew begins with a bucket of its own, for passwords and for codes', async t => {
  const { lockout } = await setUp(t)
  const [before, after] = [1000, 2000].map(time => ({ deviceId: 'a device', knownSince: new Date(time) })) as [Known, Known]
  t.not(lockout.deviceOf('ada', before).key, lockout.deviceOf('ada', after).key)
  for (const method of ['totp', 'recovery_code'] as const) {
    t.not(lockout.secondFactorOf(method, 'ada', before).key, lockout.secondFactorOf(method, 'ada', after).key, method)
  }
})

t.test('the keys in Redis name nobody and expire', async t => {
  const { lockout, redis, keys, wrong, fail, right, clock } = await setUp(t)
  const address = 'ada.king@example.com'
  const bucket = lockout.strangersOf(address)
  await fail(bucket, 5)
  await isNoticeDue(lockout, address)
  const [first, second, ...more] = (await keys()).sort()
  t.match([first, second, ...more], [/^lane:\{[\w-]{22}\}$/, /^notice:\{[\w-]{22}\}$/])
  t.equal(more.length, 0)
  for (const key of [first, second]) t.match(await redis.get(key ?? ''), /^[\d,]+$/)
  const lifetime = await redis.pttl(first ?? '')
  t.ok(lifetime > 12 * hour && lifetime <= 12 * hour + 30 * minute, String(lifetime))
  t.ok(await redis.pttl(second ?? '') <= hour)

  clock.advance(31 * minute)
  await wrong(bucket)
  await right(bucket)
  t.same(await keys(), [second], 'a success leaves nothing')
})

t.test('unlocked buckets begin anew; tries under way keep their places', async t => {
  const { lockout, bucket, fresh, wrong, fail } = await setUp(t)
  const other = fresh()
  await fail(bucket, 5)
  const slow = Array.from({ length: 5 }, () => pending())
  const guesses = slow.map(({ check }) => lockout.guard(other, check))
  await Promise.all(slow.map(({ begun }) => begun))
  await lockout.unlock([bucket, other, fresh()])

  t.same(await wrong(bucket), { outcome: 'wrong', shutForMs: null })
  const sixth = wrong(other)
  slow.forEach(({ finish }) => finish(false))
  t.same(count(await Promise.all(guesses)), { wrong: 5 })
  t.match(await sixth, { outcome: 'refused' })
})

t.test('a lowered threshold applies to failures that were counted before', async t => {
  const { bucket, fail, wrong, clock, again } = await setUp(t)
  await fail(bucket, 4)
  const strict = again({ threshold: 3 })
  t.match(await strict.guard(bucket, async () => { throw new Error('looked at') }), { outcome: 'refused', retryAfter: 1800 })
  clock.advance(30 * minute + 1)
  t.match(await wrong(bucket), { outcome: 'wrong' })
})

t.test('a Redis that has forgotten everything unlocks the buckets, and counts on', async t => {
  const { lockout, bucket, redis, fail, keys, wrong } = await setUp(t)
  await fail(bucket, 5)
  await redis.del(await keys())
  t.match(await wrong(bucket), { outcome: 'wrong', shutForMs: null })

  const slow = pending()
  const guess = lockout.guard(bucket, slow.check)
  await slow.begun
  await redis.del(await keys())
  slow.finish(false)
  t.match(await guess, { outcome: 'wrong', shutForMs: null })
  await fail(bucket, 3)
  t.match(await wrong(bucket), { shutForMs: 30 * minute })
})

t.test('a password is not checked when the try cannot be counted, and not answered when its outcome cannot be counted', async t => {
  const { bucket } = await setUp(t)
  for (const [isRight, failing] of [[true, 'try'], [true, 'right'], [false, 'wrong']] as const) {
    const redis = { evalsha: async (_: string, __: number, ___: string, step: string) => { if (step === failing) throw new Error('Connection is closed.'); return ['open', '0', '0'] } }
    const looked: boolean[] = []
    await t.rejects(build(createClock(), redis as never).guard(bucket, async () => { looked.push(true); return isRight }), { code: 'unavailable' }, failing)
    t.equal(looked.length, failing === 'try' ? 0 : 1)
  }
})

t.test('a check that never happens fails with its own error, also when the try cannot be given back', async t => {
  const { bucket } = await setUp(t)
  const redis = { evalsha: async (_: string, __: number, ___: string, step: string) => { if (step === 'dropped') throw new Error('Connection is closed.'); return ['open', '0', '0'] } }
  await t.rejects(build(createClock(), redis as never).guard(bucket, async () => { throw new Error('busy') }), { message: 'busy' })
})

t.test('no more than five hundred requests of a node wait for a try; one more is refused at once, until they are done', async t => {
  const { bucket } = await setUp(t)
  const asked = new Map<string, number>()
  let word = 'busy'
  const redis = { evalsha: async (_: string, __: number, ___: string, ____: string, id: string) => { asked.set(id, (asked.get(id) ?? 0) + 1); return [word, '0', '0'] } }
  const lockout = build(createClock(), redis as never)
  const guess = () => lockout.guard(bucket, async () => true)

  for (const round of ['the first time', 'and again']) {
    word = 'busy'
    asked.clear()
    const waiting = Array.from({ length: 500 }, guess)
    await until(async () => asked.size === 500)
    await t.rejects(guess(), { code: 'overloaded' }, round)
    t.equal([...asked.values()].at(-1), 1, 'it was asked for once')
    word = 'shut'
    t.same(count(await Promise.all(waiting)), { refused: 500 }, 'the others have waited')
  }
})

t.test('an owner is notified once an hour, whatever the bucket', async t => {
  const { lockout, clock } = await setUp(t)
  const taken = await Promise.all(Array.from({ length: 10 }, () => isNoticeDue(lockout, 'ada@example.com')))
  t.equal(taken.filter(Boolean).length, 1)
  t.equal(await isNoticeDue(lockout, 'bob@example.com'), true)
  clock.advance(59 * minute)
  t.equal(await isNoticeDue(lockout, 'ada@example.com'), false)
  clock.advance(minute)
  t.equal(await isNoticeDue(lockout, 'ada@example.com'), true)
})

t.test('a notice about passwords does not keep one about codes from being sent', async t => {
  const { lockout } = await setUp(t)
  const due: boolean[] = []
  for (const about of ['passwords', 'codes', 'passwords', 'codes'] as const) {
    await lockout.recordWithNotice(committing, { canonical: 'ada@example.com', about }, async (_, isDue) => { due.push(isDue) })
  }
  t.same(due, [true, true, false, false])
})

t.test('a notice whose transaction fails is due the next time, unless it may have been committed', async t => {
  const { lockout } = await setUp(t)
  const ada = { canonical: 'ada@example.com', about: 'codes' } as const
  const bob = { canonical: 'bob@example.com', about: 'codes' } as const
  const failing = {
    begin: async <T>(work: (tx: never) => Promise<T>): Promise<T> => { await work(tx); throw new Error('the commit') }
  }
  const due: boolean[] = []
  const note = async (_: unknown, isDue: boolean) => { due.push(isDue) }

  await t.rejects(lockout.recordWithNotice(committing, ada, async () => { throw new Error('the work') }), { message: 'the work' })
  await lockout.recordWithNotice(committing, ada, note)
  await t.rejects(lockout.recordWithNotice(committing, ada, async () => { throw new Error('the work') }))
  await lockout.recordWithNotice(committing, ada, note)
  t.same(due, [true, false], 'who was not to send it gives nothing back')

  await t.rejects(lockout.recordWithNotice(failing, bob, note), { message: 'the commit' })
  await lockout.recordWithNotice(committing, bob, note)
  t.same(due, [true, false, true, false])
})

/** A transaction in which no statement is run. */
const tx = (() => { throw new Error('nothing is sent') }) as never
const committing = { begin: async <T>(work: (tx: never) => Promise<T>) => await work(tx) }

async function isNoticeDue (lockout: Lockout, canonical: string) {
  let isDue = false
  const notice = { canonical, about: 'passwords' } as const
  await lockout.recordWithNotice(committing, notice, async (_, due) => { isDue = due })
  return isDue
}

function build (clock: Clock, redis: Redis, { threshold = 5 } = {}) {
  const scripts = createRedisScripts(redis, { concurrency: 500, deadline: 10_000 })
  const buckets = createBucketStore(scripts, clock, {
    threshold,
    shutMs: 30 * minute,
    shutMaxMs: 12 * hour,
    tryTimeoutMs: 15_000,
    noteIntervalMs: minute,
    noticeIntervalMs: hour
  })
  return createLockout({ buckets, keys: [key], shutMs: 30 * minute })
}

async function setUp (t: Pick<Test, 'teardown'>) {
  const keyPrefix = `test:${randomBytes(6).toString('hex')}:`
  const redis = new Redis(process.env['LATCHKEY_TEST_REDIS_URL'] ?? '', { keyPrefix })
  t.teardown(() => redis.disconnect())
  const clock = createClock()
  const lockout = build(clock, redis)
  const fresh = () => lockout.strangersOf(randomUUID())

  return {
    lockout,
    nodes: [lockout, build(clock, redis)] as const,
    again: (terms: { threshold: number }) => build(clock, redis, terms),
    redis,
    clock,
    fresh,
    bucket: fresh(),
    wrong,
    right: (bucket: Bucket) => lockout.guard(bucket, async () => true),
    keys: async () => (await redis.keys(`${keyPrefix}*`)).map(name => name.slice(keyPrefix.length)),
    async fail (bucket: Bucket, times: number) {
      for (let n = 0; n < times; n++) if ((await wrong(bucket)).outcome !== 'wrong') throw new Error(`the bucket is locked before failure ${n + 1}`)
    }
  }

  async function wrong (bucket: Bucket): Promise<Guess> {
    return await lockout.guard(bucket, async () => false)
  }
}

interface Known { deviceId: string, knownSince: Date }

/** A check that lasts until the test ends it. */
function pending () {
  let finish: (isRight: boolean) => void = () => {}
  let begin: () => void = () => {}
  const begun = new Promise<void>(resolve => { begin = resolve })
  const check = () => new Promise<boolean>(resolve => {
    finish = resolve
    begin()
  })
  return { begun, check, finish: (isRight: boolean) => finish(isRight) }
}

function count (guesses: Guess[]) {
  const counts: Partial<Record<Guess['outcome'], number>> = {}
  for (const { outcome } of guesses) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}
