import { randomBytes } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import Fastify from 'fastify'
import { createClock } from '../../../lib/clock.ts'
import { loadConfig } from '../../../lib/config/config.ts'
import type { Environment } from '../../../lib/config/config.ts'
import { noTracing } from '../../../lib/context/tracing.ts'
import jobs from '../../../plugins/jobs/index.ts'
import metrics from '../../../plugins/monitoring/metrics.ts'
import { connect, makeDatabase, openStore } from '../../support/database.ts'
import { standIn } from '../../support/features.ts'
import { production } from '../../support/settings.ts'
import { startStopwatch } from '../../support/stopwatch.ts'
import { until } from '../../support/until.ts'

t.test('the runtime role, which owns nothing, can do everything that jobs need', async t => {
  const { app, sql } = await start(t)
  const [role] = await sql`select current_user as name`
  t.match(role, { name: /^latchkey_test_role_/ })
  await t.rejects(sql`drop table jobs`, /must be owner/)
  await t.rejects(sql`truncate jobs`, /permission denied/)

  const outcomes: string[] = []
  app.jobs.work('clean-up', async () => { outcomes.push('scheduled') }, { scheduleIntervalMs: 60_000, lookIntervalMs: 5 })
  app.jobs.work('mail', async job => {
    outcomes.push(`mail ${job.attempt}`)
    if (job.attempt === 1) throw new Error('not yet')
  }, { lookIntervalMs: 5 })
  await app.database.begin(tx => app.jobs.send(tx, 'mail', { kind: 'test' }))

  await until(async () => outcomes.length === 2 && (await app.jobs.counts()).length === 1)
  await sql`update jobs set due_at = now()`
  await until(async () => (await app.jobs.counts()).length === 0)
  t.same(outcomes.toSorted(), ['mail 1', 'mail 2', 'scheduled'])
  t.match(await app.metrics.render(), /jobs_total\{name="mail",outcome="done"\} 1/)
})

t.test('closing waits for the running job before it closes what the job needs', async t => {
  const { app, events } = await start(t)
  let begun = false
  app.jobs.work('mail', async () => {
    begun = true
    await app.database.begin(tx => tx`select pg_sleep(0.1)`)
    events.push('done')
  }, { lookIntervalMs: 5 })
  await app.database.begin(tx => app.jobs.send(tx, 'mail', {}))

  await until(async () => begun)
  await app.close()
  t.same(events, ['done', 'closed'])
})

t.test('closing waits no longer for a job than SHUTDOWN_TIMEOUT allows', async t => {
  const { app, sql } = await start(t, { SHUTDOWN_TIMEOUT: '500ms' })
  let begun = false
  app.jobs.work('mail', async () => {
    begun = true
    await new Promise(() => {})
  }, { lookIntervalMs: 5 })
  await app.database.begin(tx => app.jobs.send(tx, 'mail', {}))
  await until(async () => begun)

  const passed = startStopwatch()
  await app.close()
  t.ok(passed() < 1000)
  t.match(await sql`select attempts, failed_at from jobs`, [{ attempts: 1, failedAt: null }], 'it is left to its lease')
})

async function start (t: Test, settings: Environment = {}) {
  const { url, directUrl } = await makeDatabase(t)
  const owner = connect(t, directUrl)
  const role = `latchkey_test_role_${randomBytes(4).toString('hex')}`
  const password = randomBytes(8).toString('hex')
  await owner.unsafe(`create role ${role} login password '${password}' in role latchkey_runtime`)
  t.teardown(() => owner.unsafe(`drop role ${role}`))

  const target = new URL(url)
  target.username = role
  target.password = password
  const sql = connect(t, target.href)
  const events: string[] = []
  const app = Fastify()
  app.decorate('database', openStore(t, target.href, { deadline: 5000 }))
  app.register(standIn('monitoring', 'stores'))
  app.register(metrics)
  app.decorate('tracing', noTracing)
  app.decorate('errorReports', { report () {}, isOn: false })
  app.register(jobs, { clock: createClock(), config: loadConfig({ ...production(), ...settings }) })
  app.addHook('onClose', async () => { events.push('closed') })
  await app.ready()
  t.teardown(() => app.close())
  return { app, sql, events }
}
