import t from 'tap'
import type { FastifyInstance } from 'fastify'
import { disable } from './support/accounts/people.ts'
import { connect } from './support/database.ts'
import { as, build, deploy, freshAddress, post, signIn, signUp, start } from './support/helper.ts'
import { sealsOf } from './support/trail/audit-seals.ts'
import { until } from './support/until.ts'

const never = new AbortController().signal

t.test('users are counted when they are added, changed and deleted', async t => {
  const app = await build(t)
  const boss = await signInAs(app, 'super_admin')
  const before = await read(app, boss)

  const [ada, bob] = [await signIn(app), await signIn(app)]
  await signUp(app, { user_type: 'vendor' })
  await disable(app, bob.user.id, boss.user.id)
  t.match(await as(app, ada.access_token, 'DELETE', '/auth/me'), { statusCode: 204 })

  const { users } = await read(app, boss)
  t.strictSame(before.users, {
    total: 1,
    by_role: { super_admin: 1 },
    by_status: { active: 1 },
    by_approval: { not_required: 1 }
  })
  t.strictSame(users, {
    total: 3,
    by_role: { super_admin: 1, user: 1, vendor: 1 },
    by_status: { active: 2, disabled: 1 },
    by_approval: { not_required: 2, pending: 1 }
  })

  await app.statistics.tidy(never)
  t.strictSame((await read(app, boss)).users, users, 'folded, it is the same')
  t.equal((await app.database`select from user_counts`).length, 3, 'in as many rows as there are kinds')
})

t.test('a rolled-back change is not counted, and twenty changes at once all are', async t => {
  const app = await build(t)
  const boss = await signInAs(app, 'super_admin')
  const bob = await signUp(app)
  const failed = app.database.begin(async tx => {
    await tx`update users set status = 'disabled' where id = ${bob.user.id}`
    throw new Error('undone')
  })
  await t.rejects(failed)

  const others = await Promise.all(Array.from({ length: 20 }, () => signUp(app)))
  await Promise.all(others.flatMap(({ user }) => [disable(app, user.id, boss.user.id), app.statistics.tidy(never)]))
  t.match((await read(app, boss)).users, { total: 22, by_status: { active: 2, disabled: 20 } })
})

t.test('sign-ins and registrations are counted by day, sealed or not, each once', async t => {
  const app = await build(t)
  const boss = await signInAs(app, 'super_admin')
  const ada = await signUp(app)
  await signIn(app, ada)
  await post(app, '/auth/login', { email: ada.email, password: 'not the password' })
  await post(app, '/auth/login', { email: freshAddress(), password: 'not the password' })
  const before = await read(app, boss)

  t.equal(before.registrations.length, 30)
  t.equal(before.sign_ins.length, 30)
  t.equal(before.sign_ins.at(-1).day, new Date().toISOString().slice(0, 10), 'today comes last')
  t.match(before.sign_ins.at(-1), { succeeded: 2, failed: 2 })
  t.equal(before.registrations.at(-1).count, 2)
  t.equal(before.failure_rate, 0.5)
  t.match(before.refusals, [{ event: 'authn_login_fail', reason: 'invalid_credentials', count: 2 }])

  await post(app, '/auth/reauthenticate', { password: ada.password }, { authorization: `Bearer ${(await signIn(app, ada)).access_token}` })
  await sealsOf(app).seal()
  const sealed = await read(app, boss)
  t.match(sealed.sign_ins.at(-1), { succeeded: 3, failed: 2 }, 'a password that is proved again is no sign-in')
  t.ok((await app.database`select from daily_counts`).length > 0)

  await signIn(app, ada)
  t.match((await read(app, boss)).sign_ins.at(-1), { succeeded: 4, failed: 2 })
  await Promise.all([sealsOf(app).seal(), sealsOf(app).seal()])
  t.match((await read(app, boss)).sign_ins.at(-1), { succeeded: 4, failed: 2 })
})

t.test('days beyond the retention are neither shown nor kept', async t => {
  const app = await build(t)
  const boss = await signInAs(app, 'super_admin')
  await app.database`
    insert into daily_counts (day, event, outcome, events)
    values ((now() at time zone 'UTC')::date - 29, 'user_created', 'success', 7),
           ((now() at time zone 'UTC')::date - 30, 'user_created', 'success', 11),
           ((now() at time zone 'UTC')::date - 401, 'user_created', 'success', 13)`

  const { registrations } = await read(app, boss)
  t.equal(registrations[0].count, 7)
  t.equal(registrations.reduce((sum: number, { count }: { count: number }) => sum + count, 0), 8)
  await app.statistics.tidy(never)
  t.equal((await app.database`select from daily_counts where events = 13`).length, 0)
  t.equal((await app.database`select from daily_counts where events = 11`).length, 1)
})

t.test('live sessions are counted by transport, ended ones are not counted', async t => {
  const app = await build(t)
  const boss = await signInAs(app, 'super_admin')
  const ada = await signUp(app)
  const held = await signIn(app, ada)
  await signIn(app, ada)
  await post(app, '/auth/login', { email: ada.email, password: ada.password, transport: 'cookie' }, { 'sec-fetch-site': 'same-origin' })
  t.match((await read(app, boss)).sessions, { total: 4, by_transport: { bearer: 3, cookie: 1 } })

  await post(app, '/auth/logout', {}, { authorization: `Bearer ${held.access_token}` })
  t.match((await read(app, boss)).sessions, { total: 3, by_transport: { bearer: 2, cookie: 1 } })
  await post(app, '/auth/logout', { scope: 'everywhere' }, { authorization: `Bearer ${(await signIn(app, ada)).access_token}` })
  t.match((await read(app, boss)).sessions, { total: 1, by_transport: { bearer: 1, cookie: 0 } })
})

t.test('a very large number of sessions is counted in parts by the schedule', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment)
  const boss = await signInAs(app, 'super_admin')
  const ada = await signUp(app)
  const owner = connect(t, deployment.DATABASE_DIRECT_URL)
  await owner`
    insert into sessions (id, user_id, transport, device_id, amr, auth_time, user_epoch, global_epoch, created_at, last_seen_at, expires_at)
    select gen_random_uuid(), ${ada.user.id}, 'cookie', gen_random_uuid(), '{pwd}', now(), 0, 0, now(), now(), now() + interval '1 day'
    from generate_series(1, 12000)`
  await owner`analyze sessions`
  t.match((await read(app, boss)).sessions, { total: 12_001 }, 'before the first count they are counted at once')

  await app.statistics.tidy(never, { rest: 0 })
  const { sessions } = await read(app, boss)
  t.match(sessions, { total: 12_001, by_transport: { bearer: 1, cookie: 12_000 } })

  await signIn(app, ada)
  t.match((await read(app, boss)).sessions, { total: 12_001, counted_at: sessions.counted_at }, 'until it counts again')
  const stopped = new AbortController()
  stopped.abort()
  await app.statistics.tidy(stopped.signal, { rest: 0 })
  t.match((await read(app, boss)).sessions, { counted_at: sessions.counted_at }, 'a run that is stopped leaves what there was')
})

t.test('many sessions of which Postgres has no statistics yet are counted all the same', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment)
  const boss = await signInAs(app, 'super_admin')
  const ada = await signUp(app)
  const owner = connect(t, deployment.DATABASE_DIRECT_URL)
  await owner`alter table sessions set (autovacuum_enabled = false)`
  await owner`
    insert into sessions (id, user_id, transport, device_id, amr, auth_time, user_epoch, global_epoch, created_at, last_seen_at, expires_at)
    select gen_random_uuid(), ${ada.user.id}, 'cookie', gen_random_uuid(), '{pwd}', now(), 0, 0, now(), now(), now() + interval '1 day'
    from generate_series(1, 22000)`

  await app.statistics.tidy(never, { rest: 0 })
  t.match((await read(app, boss)).sessions, { total: 22_001, by_transport: { bearer: 1, cookie: 22_000 } })
})

t.test('when the node that counts sessions dies, another one counts them soon', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment)
  const owner = connect(t, deployment.DATABASE_DIRECT_URL)

  // While the table is locked, the count has begun and cannot end.
  await owner.begin(async tx => {
    await tx`lock table sessions in access exclusive mode`
    await app.listen({ port: 0 })
    await until(async () => (await counts()).some(({ attempts }) => attempts === 1), 20_000)
    t.match(await counts(), [{ attempts: 1, error: null }])
    t.ok((await counts()).every(({ dueIn }) => dueIn > 0 && dueIn <= 60), 'the lease is short')
  })

  async function counts () {
    return await app.database<{ attempts: number, error: string | null, dueIn: number }>`
      select attempts, error, extract(epoch from due_at - now())::float8 as due_in
      from jobs
      where queue = 'statistics'`
  }
})

t.test('the figures need a permission, and both paths give the same ones', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment)
  const [boss, accountant, user] = [await signInAs(app, 'super_admin'), await signInAs(app, 'accountant'), await signIn(app)]

  for (const path of ['/users/stats', '/admin/dashboard/stats']) {
    t.match(await app.inject({ url: `/api/v1${path}` }), { statusCode: 401 })
    const refused = await as(app, user.access_token, 'GET', path)
    t.match(refused.json(), { status: 403, code: 'forbidden' })
    t.match(await as(app, accountant.access_token, 'GET', path), { statusCode: 200 })
  }
  const [one, other] = [await read(app, boss), (await as(app, boss.access_token, 'GET', '/admin/dashboard/stats')).json()]
  t.strictSame({ ...one, sessions: { ...one.sessions, counted_at: '' } }, { ...other, sessions: { ...other.sessions, counted_at: '' } })
})

async function read (app: FastifyInstance, { access_token: token }: { access_token: string }) {
  const answer = await as(app, token, 'GET', '/users/stats')
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}

async function signInAs (app: FastifyInstance, role: string) {
  const account = await signUp(app)
  await app.database`update users set role = ${role} where id = ${account.user.id}`
  return await signIn(app, account)
}
