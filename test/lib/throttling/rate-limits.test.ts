import { randomBytes, randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import t from 'tap'
import type { Test } from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { canonicalAddress, clientNetwork } from '../../../lib/http/client-address.ts'
import type { Rate } from '../../../lib/config/config.ts'
import { Refusal } from '../../../lib/errors.ts'
import type { RefusalCode } from '../../../lib/errors.ts'
import { createRateLimits } from '../../../lib/throttling/rate-limits.ts'
import type { CausedMail } from '../../../lib/throttling/rate-limits.ts'
import { createRequestLimits } from '../../../lib/throttling/node-limits.ts'
import { createRateLimitStatuses, rateLimitFields } from '../../../lib/http/rate-limit-status.ts'
import type { RateLimitStatus } from '../../../lib/http/rate-limit-status.ts'
import { createRedisScripts } from '../../../lib/stores/redis-scripts.ts'
import { createRateLimitStore } from '../../../lib/throttling/rate-limit-store.ts'
import type { Log } from '../../../lib/throttling/rate-limit-store.ts'

const minute = 60_000
const done = async () => {}
const echo = async (mayMail: boolean) => mayMail

t.test('a window is exact: it lets through its limit, and one more whenever the oldest leaves it', async t => {
  const { clock, store, log } = open(t)
  const logins = [log('login', { limit: 3, window: minute })]

  for (const used of [1, 2, 3]) {
    t.match(await store.count(logins), { isCounted: true, counts: [{ limit: 3, window: minute, used }] })
    clock.advance(10_000)
  }
  const { isCounted, counts: [count] } = await store.count(logins)
  t.equal(isCounted, false)
  t.equal(count?.used, 3)
  t.ok(count && count.reset <= 30_000 && count.reset > 29_000, `until the oldest leaves: ${count?.reset} ms`)

  clock.advance(count?.reset ?? 0)
  t.equal((await store.count(logins)).isCounted, true, 'the oldest has left')
  t.equal((await store.count(logins)).isCounted, false, 'the second has not')
  clock.advance(minute)
  t.match(await store.count(logins), { isCounted: true, counts: [{ used: 1, reset: minute }] })
})

t.test('no window of that length ever lets through more than the limit, whatever the rhythm', async t => {
  const { clock, store, log } = open(t)
  const logins = [log('login', { limit: 5, window: 1000 })]
  const counted: number[] = []

  for (let n = 0; n < 400; n++) {
    clock.advance([0, 1, 7, 90, 180, 210, 999][(n * 31 + n % 13) % 7] ?? 0)
    const before = clock.now()
    if ((await store.count(logins)).isCounted) counted.push(before)
  }
  t.ok(counted.length > 100)
  // The moments are taken a little before Redis takes its own, so neighbours may seem that much further apart.
  for (const [place, moment] of counted.entries()) {
    const sixth = counted[place + 5]
    if (sixth !== undefined && sixth - moment < 900) t.fail(`six within ${sixth - moment} ms`)
  }
})

t.test('a refused request is not counted', async t => {
  const { clock, store, log } = open(t)
  const logins = [log('login', { limit: 2, window: minute })]
  for (let n = 0; n < 20; n++) {
    await store.count(logins)
    clock.advance(2000)
  }
  clock.advance(24_000)
  t.equal((await store.count(logins)).isCounted, true, 'further requests do not lengthen the window')
})

t.test('a hundred at once count exactly, from two nodes, even when the script is not loaded yet', async t => {
  const one = open(t)
  const other = open(t, one.prefix)
  await one.redis.script('FLUSH')
  const logins = [one.log('login', { limit: 10, window: minute })]
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => (n % 2 ? one : other).store.count(logins)))

  t.equal(answers.filter(({ isCounted }) => isCounted).length, 10)
  t.same(answers.filter(({ isCounted }) => isCounted)
    .map(({ counts }) => counts[0]?.used)
    .sort((a = 0, b = 0) => a - b), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

t.test('with several rates all of them must hold', async t => {
  const { clock, store, log } = open(t)
  const logins = [log('login', { limit: 2, window: 1000 }, { limit: 5, window: minute })]
  const taken: boolean[] = []
  for (let n = 0; n < 6; n++) {
    for (let m = 0; m < 3; m++) taken.push((await store.count(logins)).isCounted)
    clock.advance(1100)
  }
  t.same(taken.map(Number).join(''), '110110100000000000', 'two a second, and five a minute')
  t.match(await store.count(logins), { isCounted: false, counts: [{ used: 0 }, { used: 5 }] })
})

t.test('with several logs either all have room or none counts', async t => {
  const { store, log } = open(t)
  const narrow = log('narrow', { limit: 1, window: minute })
  const wide = log('wide', { limit: 5, window: minute })

  t.equal((await store.count([narrow, wide])).isCounted, true)
  for (let n = 0; n < 9; n++) t.equal((await store.count([narrow, wide])).isCounted, false)
  t.match(await store.count([wide]), { isCounted: true, counts: [{ used: 2 }] }, 'the refused ones left no trace')
})

t.test('a log keeps no more than its largest limit, and is removed when it is no longer needed', async t => {
  const { redis, clock, store, log } = open(t)
  const logins = log('login', { limit: 4, window: 1000 }, { limit: 3, window: 2000 })
  for (let n = 0; n < 30; n++) {
    await store.count([logins])
    clock.advance(700)
  }
  t.ok(await redis.llen(logins.key) <= 4)
  const life = await redis.pttl(logins.key)
  t.ok(life > 0 && life <= 2000, `${life} ms to live`)
})

t.test('a log is kept for the longest of its windows, in whatever order its rates stand', async t => {
  const { redis, store, log } = open(t)
  const rates = [{ limit: 3, window: minute }, { limit: 10, window: 60 * minute }]
  for (const order of [rates, rates.toReversed()]) {
    const login = log('login', ...order)
    await store.count([login])
    const left = await redis.pttl(login.key)
    t.ok(left > 59 * minute && left <= 60 * minute, `${left} ms`)
  }
})

t.test('a clock that goes back keeps nobody waiting for longer than a window', async t => {
  const { prefix, clock, store, log } = open(t)
  const logins = [log('login', { limit: 1, window: minute })]
  clock.advance(3600_000)
  await store.count(logins)

  const { isCounted, counts: [count] } = await open(t, prefix).store.count(logins)
  t.equal(isCounted, false)
  t.equal(count?.reset, minute)
})

t.test('large limits are counted exactly', async t => {
  const { clock, store, log } = open(t)
  const logins = [log('login', { limit: 1000, window: minute })]
  for (let n = 0; n < 10; n++) {
    await Promise.all(Array.from({ length: 100 }, () => store.count(logins)))
    clock.advance(5000)
  }
  t.equal((await store.count(logins)).isCounted, false)
  clock.advance(12_000)
  t.match(await store.count(logins), { isCounted: true, counts: [{ used: 901 }] })
})

t.test('the keys in Redis name nobody, share one hash tag where they are counted together, and expire', async t => {
  const { redis, prefix, limits } = open(t)
  const caller = { ip: '198.51.100.77', userAgent: 'Secret/1.0', requestId: 'r' }
  await limits.count({ policy: 'login', caller }, done)
  await limits.count({ policy: 'login', caller, deviceId: 'b4a1b0f6-6e9f-4f65-8c7c-5b1d7a3f5a10' }, done)
  await limits.count({ policy: 'register', caller: { ...caller, ip: '2001:db8:1:2::3' } }, done)
  await limits.countMail({ kind: 'registration', address: 'ada@example.com', caller }, echo)
  await limits.countMail({ kind: 'registration', address: 'ada@example.com', caller, owner: 'b4a1b0f6-6e9f-4f65-8c7c-5b1d7a3f5a10' }, echo)

  const plain = new Redis(process.env['LATCHKEY_TEST_REDIS_URL'] ?? '')
  t.teardown(() => plain.disconnect())
  const keys = (await plain.keys(`${prefix}*`)).map(key => key.slice(prefix.length))
  t.equal(keys.length, 6)
  for (const key of keys) {
    t.match(key, /^limit:(login|register|mail):\{[\w-]{22}\}(:registration|:[\w-]{22})?$/)
    t.notMatch(key, /198|2001|ada|example|b4a1/)
    t.ok(await redis.pttl(key) > 0, 'it expires')
    t.notMatch((await redis.lrange(key, 0, -1)).join(), /[^\d,]/)
  }
  t.equal(new Set(keys.filter(key => key.startsWith('limit:mail')).map(key => /\{(.+)\}/.exec(key)?.[1])).size, 1)
  t.equal(new Set(keys.map(key => /\{(.+)\}/.exec(key)?.[1])).size, 4, 'one subject under two limits cannot be told to be one')
})

t.test('a request that failed on our side is not counted, a refused one is', async t => {
  const { limits } = open(t)
  const caller = { ip: '198.51.100.77', userAgent: null, requestId: 'r' }
  const meets = (code: RefusalCode) => limits.count({ policy: 'register', caller }, async () => { throw new Refusal(code) }).then(() => 'done', error => String(error.code))

  for (const code of ['unavailable', 'overloaded', 'unavailable', 'overloaded', 'unavailable'] as const) t.equal(await meets(code), code)
  t.same([await meets('conflict'), await meets('unavailable'), await meets('internal_error'), await meets('invalid_credentials')], ['conflict', 'unavailable', 'internal_error', 'invalid_credentials'])
  t.equal(await meets('unavailable'), 'rate_limited')
})

t.test('of two requests that were counted in one millisecond one is taken back', async t => {
  const { redis, store, log } = open(t)
  const login = log('login', { limit: 3, window: minute })
  const { moment } = await store.count([login])
  await redis.lpush(login.key, moment)
  await store.uncount([login], moment)
  t.same(await redis.lrange(login.key, 0, -1), [moment])
})

t.test('a mail whose cause failed on our side is not counted', async t => {
  const { limits } = open(t)
  const mail = { kind: 'registration', address: 'ada@example.com', caller: { ip: '198.51.100.77', userAgent: null, requestId: 'r' } }
  for (let n = 0; n < 5; n++) await t.rejects(limits.countMail(mail, async mayMail => { t.ok(mayMail); throw new Refusal('unavailable') }), { code: 'unavailable' })
  for (let n = 0; n < 3; n++) t.equal(await limits.countMail(mail, echo), true)
  await t.rejects(limits.countMail(mail, async () => { throw new Refusal('unavailable') }), { code: 'unavailable' })
  t.equal(await limits.countMail(mail, echo), false, 'nothing is taken back that was not counted')
})

t.test('a failure on our side is answered even if its count cannot be taken back', async t => {
  const { limits, redis } = open(t)
  const caller = { ip: '198.51.100.77', userAgent: null, requestId: 'r' }
  await t.rejects(limits.count({ policy: 'login', caller }, async () => { redis.disconnect(); throw new Refusal('overloaded') }), { code: 'overloaded' })
})

t.test('mails are limited to three an hour for a caller and an address, and ten for an address and kind from everybody', async t => {
  const { clock, limits } = open(t)
  const from = (ip: string, more: Partial<CausedMail> = {}) => limits.countMail({ kind: 'registration', address: 'ada@example.com', caller: { ip, userAgent: null, requestId: 'r' }, ...more }, echo)
  const sent: boolean[] = []

  for (let host = 1; host <= 5; host++) for (let n = 0; n < 5; n++) sent.push(await from(`198.51.100.${host}`))
  t.equal(sent.map(Number).join(''), '1110011100111001000000000')
  t.equal(await from('198.51.100.9', { address: 'bob@example.com' }), true, 'another address is not touched')
  t.equal(await from('198.51.100.9', { kind: 'password_reset' }), true, 'nor another kind')

  const own = () => from('198.51.100.9', { owner: 'a device that the account knows' })
  t.same([await own(), await own(), await own(), await own()], [true, true, true, false], 'the owner has three of their own')
  t.equal(await from('198.51.100.9', { owner: 'another session' }), true)

  clock.advance(3600_000)
  t.equal(await from('198.51.100.1'), true)
})

t.test('mails from many callers at once reach one address no more than ten times', async t => {
  const { limits } = open(t)
  const answers = await Promise.all(Array.from({ length: 120 }, (_, n) =>
    limits.countMail({ kind: 'registration', address: 'ada@example.com', caller: { ip: `203.0.113.${n}`, userAgent: null, requestId: 'r' } }, echo)))
  t.equal(answers.filter(Boolean).length, 10)
})

t.test('lifted limits ask Redis nothing', async t => {
  const { redis, statuses, limits } = open(t, undefined, { enabled: false })
  redis.disconnect()
  const caller = { ip: '198.51.100.77', userAgent: null, requestId: 'r' }
  for (let n = 0; n < 50; n++) await limits.count({ policy: 'login', caller }, done)
  t.equal(await limits.countMail({ kind: 'x', address: 'ada@example.com', caller }, echo), true)
  t.equal(statuses.of(caller), undefined, 'there is no status to tell')
})

t.test('a caller is an IPv4 address or an IPv6 /64, however it is written', async t => {
  const same = [
    ['198.51.100.7', '::ffff:198.51.100.7', '::FFFF:c633:6407', '0:0:0:0:0:ffff:c633:6407', '64:ff9b::198.51.100.7', '64:ff9b::c633:6407', '2002:c633:6407::1', '2002:c633:6407:99::2'],
    ['2001:db8:1:2::1', '2001:0DB8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::', '2001:db8:1:2:3:4:5:6%eth0', '2001:db8:1:2:0:0:198.51.100.7'],
    ['::1', '::2', '0:0:0:0:1::'],
    ['fe80::1%eth0', 'fe80::2%eth1'],
    ['1::', '1:0:0:0:9::'],
    ['::1:0:0:0:0:0', '0:0:1::5'],
    ['198.51.100.8'], ['2001:db8:1:3::1'], ['2001:db8::1:2:0:0:1'], ['64:ff9b:1::c633:6407'], ['64:ff9b::1:0:c633:6407']
  ]
  const networks = same.map(forms => new Set(forms.map(form => clientNetwork(canonicalAddress(form) ?? form))))
  for (const [place, forms] of networks.entries()) t.equal(forms.size, 1, `${same[place]} → ${[...forms]}`)
  t.equal(new Set(networks.flatMap(forms => [...forms])).size, same.length, 'and no two of these are one')
  t.equal(clientNetwork('2001:db8::9'), '2001:db8:0:0::/64')
})

t.test('the general limit counts in memory, each rate by its own window', async t => {
  const clock = createClock()
  const limits = createRequestLimits([{ limit: 2, window: 1000 }, { limit: 3, window: minute }], { clock })
  const take = (subject = 'ada') => limits.take(subject).isWithin

  t.same([take(), take(), take()], [true, true, false])
  t.equal(take('bob'), true, 'somebody else is not touched')
  clock.advance(1000)
  t.same([take(), take()], [true, false], 'three a minute')
  t.match(limits.take('ada'), { policy: 'default', isWithin: false, counts: [{ used: 1, limit: 2 }, { used: 3, limit: 3 }] })
  clock.advance(minute)
  t.equal(take(), true)
})

t.test('the general limit holds no more entries than allowed, and drops the expired ones first', async t => {
  const clock = createClock()
  const limits = createRequestLimits([{ limit: 1, window: minute }], { clock, subjectsMax: 100 })
  for (let n = 0; n < 1000; n++) limits.take(`flood ${n}`)
  t.equal(limits.size, 100)
  t.equal(limits.take('flood 999').isWithin, false, 'the last ones are remembered')
  t.equal(limits.take('flood 0').isWithin, true, 'the first ones are not')

  clock.advance(minute)
  for (let n = 0; n < 60; n++) limits.take(`calm ${n}`)
  t.ok(limits.size <= 60, `what is over goes by itself: ${limits.size}`)
})

t.test('the general limit does not stay exhausted because the clock has gone back', async t => {
  let now = 10 * minute
  const limits = createRequestLimits([{ limit: 1, window: minute }], { clock: { now: () => now } })
  limits.take('ada')
  now = 0
  t.equal(limits.take('ada').isWithin, true)
})

t.test('the fields are lists of structured fields, with one member for each rate', async t => {
  const status = (counts: RateLimitStatus['counts']): RateLimitStatus => ({ policy: 'login', counts, isWithin: true })
  t.same(rateLimitFields(status([{ limit: 10, window: 900_000, used: 1, reset: 899_001 }])), {
    'ratelimit-policy': '"login";q=10;w=900', ratelimit: '"login";r=9;t=900'
  })
  t.same(rateLimitFields(status([
    { limit: 60, window: minute, used: 60, reset: 1 },
    { limit: 1000, window: 3600_000, used: 60, reset: 3541_000 }
  ])), {
    'ratelimit-policy': '"login-60s";q=60;w=60, "login-3600s";q=1000;w=3600',
    ratelimit: '"login-60s";r=0;t=1, "login-3600s";r=940;t=3541'
  })
})

/** A node's limits under a prefix of this test's own, or of another node's. */
function open (t: Test, prefix = `test:${randomBytes(6).toString('hex')}:`, { enabled = true } = {}) {
  const redis = new Redis(process.env['LATCHKEY_TEST_REDIS_URL'] ?? '', { keyPrefix: prefix })
  t.teardown(() => redis.disconnect())
  const clock = createClock()
  const store = createRateLimitStore(createRedisScripts(redis, { concurrency: 500, deadline: 10_000 }), clock)
  const rate = (limit: number, window: number) => [{ limit, window }]
  const statuses = createRateLimitStatuses()
  const limits = createRateLimits({
    statuses,
    store,
    keys: [Buffer.alloc(32, randomUUID())],
    limits: {
      enabled,
      global: rate(1000, 15 * minute),
      login: rate(10, 15 * minute),
      secondFactor: rate(20, 15 * minute),
      register: rate(3, 60 * minute),
      refresh: rate(20, 15 * minute),
      mail: rate(3, 60 * minute),
      mailAddress: rate(10, 60 * minute)
    }
  })

  return { redis, prefix, clock, store, statuses, limits, log: (name: string, ...rates: Rate[]): Log => ({ key: `{test}:${name}`, rates }) }
}
