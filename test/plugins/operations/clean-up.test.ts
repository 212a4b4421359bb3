import t from 'tap'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { connect } from '../../support/database.ts'
import { codeOf, deploy, freshAddress, password, post, refresh, signIn, signUp, start } from '../../support/helper.ts'
import type { Deployment } from '../../support/helper.ts'
import { until } from '../../support/until.ts'

const week = 7 * 86_400_000

t.test('the clean-up begins when the server listens, once for all nodes, and is counted', async t => {
  const deployment = await deploy(t)
  const nodes = [await start(t, deployment), await start(t, deployment), await start(t, deployment)] as const
  const [app] = nodes
  await insertExpired(t, deployment, 2500)

  t.strictSame(await app.database`select queue from job_schedules`, [], 'a node that does not listen leaves it alone')
  await Promise.all(nodes.map(node => node.listen({ host: '127.0.0.1', port: 0 })))
  await until(async () => await count(app, 'sessions') === 0 && (await app.jobs.counts()).length === 0)

  t.match(await app.database`select queue, due_at > now() + interval '50 minutes' as later from job_schedules where queue = 'clean-up'`, [{ queue: 'clean-up', later: true }])
  const shown = await Promise.all(nodes.map(node => node.metrics.render()))
  t.equal(shown.filter(text => text.includes('latchkey_cleaned_up_total{kind="expired_sessions"} 2500')).length, 1, 'one of them has removed them all')
  t.equal(shown.filter(text => /^latchkey_clean_up_success_timestamp_seconds [1-9]/m.test(text)).length, 1)
  t.equal(shown.filter(text => text.includes('latchkey_jobs_total{name="clean-up",outcome="done"} 1')).length, 1)
})

t.test('a node that stops halfway leaves the rest to another', async t => {
  const deployment = await deploy(t, { TOKEN_CLEANUP_BATCH_SIZE: '10' })
  const watcher = await start(t, deployment, { workers: false })
  await insertExpired(t, deployment, 5000)
  const first = await start(t, deployment)
  await first.listen({ host: '127.0.0.1', port: 0 })
  await until(async () => await count(watcher, 'sessions') < 5000)

  await first.close()
  t.ok(await count(watcher, 'sessions') > 0)
  t.match(await watcher.database`select queue, attempts, due_at <= now() as due from jobs`, [{ queue: 'clean-up', attempts: 0, due: true }], 'as a job that is due')

  const second = await start(t, Object.assign({}, deployment, { TOKEN_CLEANUP_BATCH_SIZE: '1000' }))
  await second.listen({ host: '127.0.0.1', port: 0 })
  await until(async () => await count(watcher, 'sessions') === 0)
})

t.test('when an interval is over, the next run begins', async t => {
  const deployment = await deploy(t, { TOKEN_CLEANUP_INTERVAL_MS: '1000' })
  const app = await start(t, deployment)
  await app.listen({ host: '127.0.0.1', port: 0 })
  await until(async () => (await app.metrics.render()).includes('latchkey_jobs_total{name="clean-up",outcome="done"} 1'))
  await insertExpired(t, deployment, 3)
  await until(async () => await count(app, 'sessions') === 0)
})

t.test('the reason of an end is told for as long as a refresh token could have lived, then the session counts as expired', async t => {
  const app = await start(t, await deploy(t))
  const ada = await signUp(app)
  const [gone, alive] = [await signIn(app, ada), await signIn(app, ada)]
  await app.inject({ method: 'POST', url: '/api/v1/auth/logout', headers: { authorization: `Bearer ${gone.access_token}` } })

  app.clock.advance(week - 60_000)
  await app.cleanUp.run()
  t.match((await refresh(app, gone.refresh_token)).json(), { code: 'session_ended', reason: 'signed_out' })
  const next = await refresh(app, alive.refresh_token)
  t.equal(next.statusCode, 200, 'who lives is left alone')

  app.clock.advance(120_000)
  t.match(await app.cleanUp.run(), { removed: { ended_sessions: 1 } })
  t.match((await refresh(app, gone.refresh_token)).json(), { code: 'session_ended', reason: 'expired' })
  t.equal((await refresh(app, next.json().refresh_token)).statusCode, 200)

  app.clock.advance(31 * 86_400_000)
  t.match((await refresh(app, next.json().refresh_token)).json(), { code: 'session_ended', reason: 'expired' })
  t.match(await app.cleanUp.run(), { removed: { expired_sessions: 1 } })
  t.match((await refresh(app, next.json().refresh_token)).json(), { code: 'session_ended', reason: 'expired' })
})

t.test('a registration that nobody confirms is removed after its time, with everything readable about it', async t => {
  const app = await start(t, await deploy(t, { REGISTRATION_TTL: '2d' }))
  const { user } = await signUp(app)
  const { registration_id: id } = (await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Grace Hopper' })).json()

  app.clock.advance(2 * 86_400_000 - 60_000)
  t.match(await app.cleanUp.run(), { removed: { registrations: 0 } })
  app.clock.advance(120_000)
  t.match(await app.cleanUp.run(), { removed: { registrations: 1 } })

  t.strictSame(await app.database`select subject_id from subject_keys`, [{ subjectId: user.id }])
  t.match(await app.database`select event from audit_events where subject_id = ${id}`, [{ event: 'registration_created' }], 'the trail keeps its shape')
  t.match((await post(app, '/auth/verify-email', { registration_id: id, code: '123456' })).json(), { code: 'token_invalid' })
})

t.test('a confirmation during the removal either makes an account with its key, or nothing', async t => {
  const app = await start(t, await deploy(t))
  const ids = await Promise.all(Array.from({ length: 20 }, async () => (await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King' })).json().registration_id as string))
  const codes = await Promise.all(ids.map(id => codeOf(app, id)))
  await app.database`update registrations set created_at = 'epoch'`

  const answers = await Promise.all([
    ...ids.map((id, place) => post(app, '/auth/verify-email', { registration_id: id, code: codes[place] })),
    app.cleanUp.run(), app.cleanUp.run()
  ])
  const made = ids.filter((_, place) => (answers[place] as { statusCode: number }).statusCode === 200)
  t.equal(await count(app, 'registrations'), 0)
  t.same((await app.database<{ id: string }>`select id from users`).map(({ id }) => id).sort(), made.toSorted())
  t.same((await app.database<{ subjectId: string }>`select subject_id from subject_keys`).map(({ subjectId }) => subjectId).sort(), made.toSorted())
})

async function insertExpired (t: Test, { DATABASE_DIRECT_URL }: Deployment, sessions: number) {
  await connect(t, DATABASE_DIRECT_URL)`
    insert into sessions (id, transport, device_id, amr, auth_time, user_epoch, global_epoch, created_at, last_seen_at, expires_at)
    select gen_random_uuid(), 'bearer', gen_random_uuid(), '{pwd}', now(), 0, 0, now(), now(), now() - interval '2 days' - number * interval '1 second'
    from generate_series(1, ${sessions}::int) as number`
}

async function count (app: FastifyInstance, table: 'sessions' | 'registrations') {
  const [row] = await app.database.unsafe(`select count(*)::int from ${table}`) as { count: number }[]
  return row?.count ?? -1
}
