import t from 'tap'
import { connect } from '../support/database.ts'
import { as, build, deploy, post, refresh, signIn, start } from '../support/helper.ts'
import { defaultDeadline, outcomeOf, ownRedis, until } from './nodes.ts'

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
