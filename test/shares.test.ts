import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { introspect, makeService } from './support/accounts/services.ts'
import { connect } from './support/database.ts'
import { api, as, deploy, freshAddress, password, post, refresh, signIn, signUp, start } from './support/helper.ts'
import type { Tokens } from './support/helper.ts'
import { tapWires } from './support/statements/wiretap.ts'
import { until } from './support/until.ts'

// Others must never wait for what one account, one network or all strangers together do. A lock that is held outside
// makes the work of the attackers slow, so that these tests do not depend on the speed of the machine.

/** How long (ms) a flood may take until all of it has arrived. */
const floodMs = 20_000

t.test('four hundred sockets of one account take two connections', async t => {
  const { app, hold, ada } = await build(t)
  const mallory = await signIn(app)
  const release = await hold(sql => sql`select from users where id = ${mallory.user.id} for update`)

  const sockets = Array.from({ length: 400 }, (_, n) => {
    return as(app, mallory.access_token, 'PATCH', '/auth/me', { full_name: `Mallory ${n}` })
  })
  await until(() => app.database.load().waiting > 300 && app.database.load().running === 2, floodMs)
  t.match(app.database.load(), { running: 2, flowsWaiting: 1 })
  await othersAreServed(t, app, ada)

  await release()
  await finished(t, app, sockets)
})

t.test('seven hundred sockets without an account take two connections for each of their networks', async t => {
  const { app, hold, ada } = await build(t)
  const release = await hold(sql => sql`lock table one_time_tokens in exclusive mode`)

  const sockets = Array.from({ length: 700 }, (_, n) => app.inject({
    method: 'POST',
    url: api('/auth/password/forgot'),
    remoteAddress: `198.51.100.${n % 2}`,
    payload: { email: freshAddress() }
  }))
  // The node may do something of its own in between.
  await until(() => app.database.load().waiting >= 240 && app.database.load().running === 4, floodMs)
  t.match(app.database.load(), { running: 4, flowsWaiting: 2 })
  await othersAreServed(t, app, ada)

  await release()
  await finished(t, app, sockets)
})

t.test('six hundred strangers, each from a network of their own, leave two connections and half of the queue', async t => {
  const { app, hold, ada, service } = await build(t)
  const release = await hold(sql => sql`lock table one_time_tokens in exclusive mode`)

  const sockets = Array.from({ length: 600 }, (_, n) => app.inject({
    method: 'POST',
    url: api('/auth/password/forgot'),
    remoteAddress: `2001:db8:0:${n.toString(16)}::1`,
    payload: { email: freshAddress() }
  }))
  await until(() => app.database.load().waiting === 250 && app.database.load().running === 8, floodMs)
  await othersAreServed(t, app, ada)
  t.match((await introspect(app, service, ada.access_token)).json(), { active: true }, 'nor does a service')

  await release()
  await finished(t, app, sockets)
})

t.test('sign-ins to one account from many networks take two connections', async t => {
  const { app, hold, ada } = await build(t)
  const mallory = await signUp(app)
  const release = await hold(sql => sql`select from users where id = ${mallory.user.id} for update`)

  const sockets = Array.from({ length: 30 }, (_, n) => app.inject({
    method: 'POST',
    url: api('/auth/login'),
    remoteAddress: `198.51.100.${n}`,
    payload: { email: mallory.email, password, device_token: mallory.deviceToken }
  }))
  // First they read the account, each for its network. Then they wait for its row.
  await until(() => app.database.load().waiting === 28, floodMs)
  t.match(app.database.load(), { running: 2, flowsWaiting: 1 })
  await othersAreServed(t, app, ada)

  await release()
  await finished(t, app, sockets)
})

t.test('the change feed and the probe of Postgres wait for nobody', async t => {
  const { app, hold, ada } = await build(t, { DB_POOL_MAX: '2' })
  const release = await hold(sql => sql`select from users where id = ${ada.user.id} for update`)
  const over = new AbortController()
  t.teardown(() => over.abort())
  // Work of the node itself has no bound, so it can fill the pool. What waits for too long is refused, and comes again.
  const busy = Array.from({ length: 6 }, async () => {
    for (; !over.signal.aborted; await pause(5)) {
      await app.database`select from users where id = ${ada.user.id} for update`.catch(() => {})
    }
  })
  await until(() => app.database.load().running === 2, floodMs)

  await app.feed.read()
  await app.writeWatches.database.look()
  t.equal(app.health.isUp('database'), true)
  t.match(await as(app, ada.access_token, 'GET', '/auth/check'), { statusCode: 204 })
  t.match(app.database.load(), { running: 2 }, 'all the while the pool is full')
  over.abort()
  await release()
  await Promise.all(busy)
})

t.test('a request beyond its limit asks Postgres nothing', async t => {
  const { tap, deployment } = await tapWires(t, await deploy(t, { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_GLOBAL: '9/15m', RATE_LIMIT_LOGIN: '3/15m' }))
  const app = await start(t, deployment, { workers: false })
  const { access_token: token, user } = await signIn(app)

  for (let n = 0; n < 9; n++) t.match(await as(app, token, 'GET', '/auth/me'), { statusCode: 200 })
  // From now on the user has to be read for each token.
  app.revocations.apply({ kind: 'user_changed', subjectId: user.id, exceptId: null, number: 1000, reason: null })
  tap.take()
  t.match(await as(app, token, 'GET', '/auth/me'), { statusCode: 429 })
  t.same(tap.take().statements, [], 'a signed-in request')

  const guess = () => send(app, '/auth/login', { email: freshAddress(), password }, '203.0.113.9')
  for (let n = 0; n < 3; n++) t.match(await guess(), { statusCode: 401 })
  tap.take()
  t.match(await guess(), { statusCode: 429 })
  t.same(tap.take().statements, [], 'a login without a device')
})

t.test('a user’s passwords are counted in all sessions together, right ones too, before they cost anything', async t => {
  const { tap, deployment } = await tapWires(t, await deploy(t, { RATE_LIMITS_ENABLED: 'true' }))
  const app = await start(t, deployment, { workers: false })
  const ada = await signUp(app)
  const sessions = await Promise.all(Array.from({ length: 3 }, () => signIn(app, ada)))
  const grace = await signIn(app)

  const prove = ({ access_token: token }: Tokens) => as(app, token, 'POST', '/auth/reauthenticate', { password })
  const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => prove(sessions[n % 3] ?? grace)))
  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 10)
  const refused = answers.filter(({ statusCode }) => statusCode === 429)
  t.equal(refused.length, 20)
  t.match(refused[0]?.json(), { code: 'rate_limited' })
  t.match(refused[0]?.headers, { 'ratelimit-policy': '"reauthenticate";q=10;w=900', 'retry-after': /^\d+$/ })

  tap.take()
  t.match(await prove(sessions[0] ?? grace), { statusCode: 429 })
  t.same(tap.take().statements, [])
  t.match(await prove(grace), { statusCode: 200 }, 'another user is not touched')

  const change = () => as(app, sessions[0]?.access_token ?? '', 'POST', '/auth/password/change', { current_password: password, new_password: password })
  for (let n = 0; n < 10; n++) t.match(await change(), { statusCode: 422 }, 'a change is counted separately')
  t.match(await change(), { statusCode: 429 })
})

async function build (t: Test, settings: Record<string, string> = {}) {
  const deployment = await deploy(t, settings)
  const app = await start(t, deployment, { workers: false })
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  const service = await makeService(app)
  const ada = await signIn(app)
  await introspect(app, service, ada.access_token)
  return { app, hold, ada, service }

  /** Takes a lock in a transaction of its own. Returns what ends that transaction. */
  async function hold (take: (connection: Awaited<ReturnType<typeof sql.reserve>>) => Promise<unknown>) {
    const connection = await sql.reserve()
    await connection`begin`
    await take(connection)
    return async () => {
      await connection`rollback`
      connection.release()
    }
  }
}

/** Somebody else, whose device is known, notices nothing. */
async function othersAreServed (t: Test, app: FastifyInstance, ada: Tokens) {
  // The burst of requests may have kept this process busy for longer than the feed may be unread.
  await until(() => app.feed.isFresh(), floodMs)
  t.match(await as(app, ada.access_token, 'GET', '/auth/check'), { statusCode: 204 })
  t.match(await refresh(app, ada.refresh_token), { statusCode: 200 })
  t.match(await as(app, ada.access_token, 'PATCH', '/auth/me', { full_name: 'Ada Lovelace' }), { statusCode: 200 })
  const device = { email: ada.user.email, password, device_token: ada.device_token }
  t.match(await post(app, '/auth/login', device), { statusCode: 200 })
}

/** The attackers are answered, too, and nothing of them is left. */
async function finished (t: Test, app: FastifyInstance, sockets: Promise<{ statusCode: number }>[]) {
  const statuses = new Set((await Promise.all(sockets)).map(({ statusCode }) => statusCode))
  t.ok([...statuses].every(status => status < 300 || status === 503), [...statuses].join(' '))
  await until(() => app.database.load().running === 0, floodMs)
  t.match(app.database.load(), { running: 0, waiting: 0, flowsWaiting: 0 })
}

async function send (app: FastifyInstance, path: string, payload: object, remoteAddress: string) {
  return await app.inject({ method: 'POST', url: api(path), remoteAddress, payload })
}
