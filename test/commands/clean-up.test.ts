import t from 'tap'
import type { Test } from 'tap'
import { run as runCommand, runProcess } from '../support/command.ts'
import { connect } from '../support/database.ts'
import { deploy, signIn, signUp, start } from '../support/helper.ts'
import type { Deployment } from '../support/helper.ts'
import { until } from '../support/until.ts'

t.test('clean-up removes everything that is over, reports it, and says so when there is nothing', async t => {
  const deployment = await deploy(t)
  const sql = await insertExpired(t, deployment, 2345)
  await sql`insert into changes (kind, at) select 'keys_changed', now() - interval '2 days' from generate_series(1, 7)`

  t.match(await runProcess(deployment, ['clean-up']), { code: 0, stdout: 'Removed: 7 changes, 2345 expired sessions.\n', stderr: '' })
  t.match(await run(deployment), { code: 0, stdout: 'There was nothing to remove.\n', stderr: '' })
  t.match(await sql`select count(*)::int from sessions`, [{ count: 0 }])
  t.equal((await sql`select queue from jobs`).length, 0)
  t.equal((await sql`select queue from job_schedules`).length, 0, 'the schedule is the servers\' affair')
})

t.test('clean-up is harmless while the servers clean up, and so are several at once', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment)
  const { session } = await signIn(app, await signUp(app))
  const sql = await insertExpired(t, deployment, 5000)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const results = await Promise.all([run(deployment, '--json'), run(deployment, '--json')])

  t.ok(results.every(({ code, stderr }) => code === 0 && stderr === ''))
  const [counts] = results.map(({ stdout }) => JSON.parse(stdout).removed)
  t.strictSame(Object.keys(counts).sort(), ['changes', 'ended_sessions', 'epoch_changes', 'expired_sessions', 'failed_jobs', 'known_devices', 'one_time_tokens', 'registrations', 'spent_challenges', 'waiting_totp_secrets'], 'for machines every kind is counted')
  t.ok(results.reduce((sum, { stdout }) => sum + JSON.parse(stdout).removed.expired_sessions, 0) <= 5000)
  await until(async () => (await sql`select id from sessions`).length === 1)
  t.match(await sql`select id from sessions`, [{ id: session.id }])
})

async function insertExpired (t: Test, { DATABASE_DIRECT_URL }: Deployment, sessions: number) {
  const sql = connect(t, DATABASE_DIRECT_URL)
  await sql`
    insert into sessions (id, transport, device_id, amr, auth_time, user_epoch, global_epoch, created_at, last_seen_at, expires_at)
    select gen_random_uuid(), 'bearer', gen_random_uuid(), '{pwd}', now(), 0, 0, now(), now(), now() - interval '2 days' - number * interval '1 second'
    from generate_series(1, ${sessions}::int) as number`
  return sql
}

async function run (settings: Deployment, ...args: string[]) {
  return await runCommand(settings, ['clean-up', ...args])
}
