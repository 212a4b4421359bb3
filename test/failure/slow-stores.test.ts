import t from 'tap'
import { codeAt, fromBase32 } from '../support/accounts/factors.ts'
import { connect } from '../support/database.ts'
import { as, build, deploy, password, post, refresh, signIn, signUp, start } from '../support/helper.ts'
import { until } from '../support/until.ts'
import { defaultDeadline, outcomeOf, ownRedis } from './nodes.ts'

/** A token that is used a second time ends its session at once. */
const strict = { REFRESH_GRACE: '0s', REFRESH_RESUME: 'false' }

t.test('commands that a frozen Redis runs when it wakes use up no token', async t => {
  const redis = await ownRedis(t)
  const deployment = await deploy(t, { ...defaultDeadline, REDIS_URL: redis.redisUrl, ...strict })
  const app = await start(t, deployment)
  const { refresh_token: first } = await signIn(app)
  const ada = (await refresh(app, first)).json()

  redis.freeze()
  // Without a grace the next use of a used token ends its session. The connection is still open when Redis wakes, and
  // the commands sent to it are still there.
  // when Redis wakes, and what it has been sent is still there.
  t.equal(outcomeOf(await refresh(app, ada.refresh_token)), '503 unavailable')
  redis.thaw()

  await until(async () => (await app.inject('/health')).statusCode === 200)
  const renewed = await refresh(app, ada.refresh_token)
  t.match(renewed, { statusCode: 200 }, 'what was answered 503 has changed nothing')
  t.match(await refresh(app, renewed.json().refresh_token), { statusCode: 200 })
  t.equal(outcomeOf(await refresh(app, ada.refresh_token)), '401 session_ended reuse_detected', 'and a replay is still one')
})

t.test('a row that another transaction locks delays its user alone', async t => {
  const deployment = await deploy(t, { ...defaultDeadline, DB_POOL_MAX: '3' })
  const app = await start(t, deployment)
  const [held, free] = [await signIn(app), await signIn(app)]
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  const release = await holdRow(held.user.id)

  const stuck = Array.from({ length: 6 }, () => as(app, held.access_token, 'POST', '/auth/logout', { scope: 'everywhere' }))
  t.same((await Promise.all(stuck)).map(outcomeOf), Array(6).fill('503 unavailable'))
  t.match(await as(app, free.access_token, 'GET', '/auth/me'), { statusCode: 200 }, 'no connection is held by what was given up')
  t.match(await refresh(app, free.refresh_token), { statusCode: 200 })

  await until(async () => (await sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).length === 0)
  await release()
  t.match(await as(app, held.access_token, 'GET', '/auth/check'), { statusCode: 204 }, 'what was answered 503 has ended nothing')
  t.match(await as(app, held.access_token, 'POST', '/auth/logout', { scope: 'everywhere' }), { statusCode: 204 })

  async function holdRow (id: string) {
    const connection = await sql.reserve()
    await connection`begin`
    await connection`select from users where id = ${id} for update`
    return async () => {
      await connection`rollback`
      connection.release()
    }
  }
})

t.test('a node that cannot sign uses up no token', async t => {
  const app = await build(t, strict)
  const ada = await signIn(app)
  const { current } = app.keyring
  Object.defineProperty(app.keyring, 'current', { get: () => ({ ...current, signing: null }), configurable: true })

  t.equal(outcomeOf(await refresh(app, ada.refresh_token)), '503 unavailable')
  t.equal(outcomeOf(await post(app, '/auth/login', { email: ada.user.email, password: 'whatever it is' })), '503 unavailable')
  Object.defineProperty(app.keyring, 'current', { get: () => current })
  t.match(await refresh(app, ada.refresh_token), { statusCode: 200 })
})

for (const aheadMs of [60_000, -60_000]) {
  t.test(`while the clock of Redis is ${aheadMs} ms off, whatever ends in tokens is refused before it begins`, async t => {
    const app = await start(t, await deploy(t, strict), { workers: false })
    const account = await signUp(app)
    const [ada, phone] = [await signIn(app, account), await signIn(app, account)]
    const { id, secret } = (await as(app, ada.access_token, 'POST', '/auth/totp')).json()
    const code = codeAt(app, { secret: fromBase32(secret) })
    const before = await written()
    await moveClockOfRedis(aheadMs)

    for (const [path, body] of Object.entries({
      '/auth/login': { email: account.email, password },
      '/auth/refresh': { refresh_token: ada.refresh_token },
      '/auth/reauthenticate': { password },
      '/auth/password/change': { current_password: password, new_password: 'seven quiet herons over reeds' },
      [`/auth/totp/${id}/confirm`]: { code }
    })) t.equal(outcomeOf(await as(app, ada.access_token, 'POST', path, body)), '503 unavailable', path)
    t.same(await written(), before, 'nothing has changed')

    await moveClockOfRedis(0)
    const confirmed = await as(app, ada.access_token, 'POST', `/auth/totp/${id}/confirm`, { code })
    t.equal(confirmed.json().recovery_codes?.length, 10, 'the code was not used up')
    t.equal(outcomeOf(await refresh(app, phone.refresh_token)), '401 session_ended factors_changed')

    async function moveClockOfRedis (byMs: number) {
      const time = async () => [Math.floor((Date.now() + byMs) / 1000), Date.now() % 1000 * 1000]
      Object.assign(app.redis, { time })
      // A probe may have asked for the real time just before. Redis answers in order, so its answer has come by then.
      await app.redis.ping()
      await app.scripts.ping()
    }

    async function written () {
      return await app.database`
        select u.password_hash, u.session_epoch, u.two_step, s.id, s.auth_time, s.ended_at, p.confirmed_at,
               (select count(*)::int from recovery_codes r where r.user_id = u.id) as codes,
               (select count(*)::int from jobs) as jobs
        from users u
        join sessions s on s.user_id = u.id
        left join totp_secrets p on p.user_id = u.id
        where u.id = ${account.user.id}
        order by s.id`
    }
  })
}
