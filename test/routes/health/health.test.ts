import t from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { as, build, deploy, password, post, refresh, retryUnavailable, signIn, start } from '../../support/helper.ts'
import { until } from '../../support/until.ts'

const token = 'an-operations-token'

t.test('a healthy node says so', async t => {
  const app = await build(t)
  const answer = await retryUnavailable(() => app.inject('/health'))

  t.equal(answer.statusCode, 200)
  t.match(answer.json(), { status: 'healthy', authentication: 'JWT-enabled', database: 'connected', redis: 'connected', mail: 'connected', version: /^\d+\.\d+\.\d+/, uptime_seconds: Number })
  t.strictSame(Object.keys(answer.json()).sort(), ['authentication', 'database', 'mail', 'redis', 'status', 'uptime_seconds', 'version'])
  t.match(await app.inject('/health/live'), { statusCode: 200 })
  t.match(await retryUnavailable(() => app.inject('/health/ready')), { statusCode: 200 })
})

t.test('an operator is told as whom it arrives, and nobody else is', async t => {
  const app = await build(t, { OPERATIONS_TOKEN: token, TRUST_PROXY: '127.0.0.1' })
  const through = (headers: Record<string, string>) => app.inject({ url: '/health/pool-stats', headers: { 'x-forwarded-for': '198.51.100.9, 203.0.113.7', ...headers } })
  const { access_token: session } = await signIn(app)

  t.equal((await through({ authorization: `Bearer ${token}` })).headers['latchkey-client'], '"203.0.113.7";hops=2')
  t.equal((await app.inject({ url: '/health/database', headers: { authorization: `Bearer ${token}` } })).headers['latchkey-client'], '"127.0.0.1";hops=0')
  for (const bearer of [session, 'another-token']) t.notOk('latchkey-client' in (await through({ authorization: `Bearer ${bearer}` })).headers)
})

t.test('a node without Redis is degraded, and alive', async t => {
  const app = await build(t, { READY_GRACE: '0s' })
  app.redis.disconnect()
  await app.health.tick()
  await until(() => app.health.isUp('redis') === false)

  const answer = await app.inject('/health')
  t.equal(answer.statusCode, 503)
  t.match(answer.json(), { status: 'degraded', database: 'connected', redis: 'unreachable' })
  t.match(await app.inject('/health/live'), { statusCode: 200 })
  t.match(await app.inject('/health/ready'), { statusCode: 503, headers: { 'retry-after': '1' } })
})

t.test('a node that closes is no longer ready', async t => {
  const app = await build(t)
  app.health.drain()
  t.match(await app.inject('/health/ready'), { statusCode: 503 })
  t.match(await retryUnavailable(() => app.inject('/health')), { statusCode: 200 }, 'but well')
})

t.test('a node whose clock is wrong is not ready, and gives out no tokens that it would not take', async t => {
  const clock = createClock()
  const app = await start(t, await deploy(t, { READY_GRACE: '0s' }), { clock })
  const { access_token: token, refresh_token: refreshToken, user } = await signIn(app)
  clock.now = () => Date.now() + 60_000
  await app.feed.read()
  await until(() => app.health.overall() === 'degraded')

  const away = { statusCode: 503, headers: { 'retry-after': '1' } }
  t.match(await app.inject('/health'), { ...away, body: /degraded/ })
  t.match(await app.inject('/health/ready'), away)
  t.match(await as(app, token, 'GET', '/auth/check'), away)
  t.match(await post(app, '/auth/login', { email: user.email, password }), away)
  t.match(await refresh(app, refreshToken), away)

  clock.now = Date.now
  await app.feed.read()
  await until(() => app.health.overall() === 'healthy')
  t.match(await retryUnavailable(() => app.inject('/health')), { statusCode: 200 })
  t.match(await retryUnavailable(() => app.inject('/health/ready')), { statusCode: 200 })
  t.match(await refresh(app, refreshToken), { statusCode: 200 }, 'and no token was used up')
})

t.test('a health request asks no store', async t => {
  const app = await build(t)
  const before = await statements()
  await Promise.all(Array.from({ length: 300 }, (_, i) => app.inject(['/health', '/health/ready', '/health/live'][i % 3] ?? '')))
  t.ok(await statements() - before < 20, 'the probes go their own pace')

  async function statements () {
    const text = await app.redis.info('commandstats')
    return Number(/cmdstat_ping:calls=(\d+)/.exec(text)?.[1] ?? 0)
  }
})

t.test('figures are shown only with the operations token or the permission to read statistics', async t => {
  const app = await build(t, { OPERATIONS_TOKEN: token })
  const { access_token: user, user: { id } } = await signIn(app)

  for (const [path, figures] of [['/health/database', { database: 'connected', latency_ms: Number }], ['/health/pool-stats', { max: 10, min: 0, in_use: Number, waiting: 0 }]] as const) {
    t.match(await app.inject(path), { statusCode: 401 }, path)
    t.match(await get(path, 'wrong'), { statusCode: 401 })
    t.match(await get(path, user), { statusCode: 403 }, 'a user may not')
    const answer = await get(path, token)
    t.equal(answer.statusCode, 200)
    t.match(answer.json(), figures)
  }

  await app.database`update users set role = 'accountant' where id = ${id}`
  const { access_token: accountant } = await signIn(app, await emailOf(id))
  t.match(await get('/health/pool-stats', accountant), { statusCode: 200 }, 'an accountant may')

  async function get (url: string, bearer: string) {
    return await app.inject({ url, headers: { authorization: `Bearer ${bearer}` } })
  }

  async function emailOf (id: string) {
    const [row] = await app.database<{ email: string }>`select email from users where id = ${id}`
    return { email: row?.email ?? '' }
  }
})
