import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { freePort } from '../../../dev/services/ports.ts'
import { counters } from '../../../lib/operations/metrics.ts'
import metrics from '../../../plugins/monitoring/metrics.ts'
import metricsPort from '../../../plugins/operations/metrics-port.ts'
import { standIn } from '../../support/features.ts'
import { collectGarbage } from '../../support/garbage.ts'
import { build } from '../../support/helper.ts'
import { buildHttp } from '../../support/http.ts'

t.test('requests are counted by the pattern of their route, never by their URL', async t => {
  const { app } = await buildHttp(t, app => { app.get('/things/:id', async () => 'ok') })
  for (const url of ['/things/canary-1', '/things/canary-2?token=canary', '/canary', '/things/canary/more']) await app.inject(url)
  await app.inject({ method: 'POST', url: '/things/canary' })
  const text = await app.metrics.render()

  t.match(text, 'http_request_duration_seconds_count{method="GET",route="/things/:id",status="200"} 2')
  t.match(text, /http_request_duration_seconds_count\{method="ANY",route="none",status="404"\} \d/)
  t.match(text, 'http_request_duration_seconds_count{method="ANY",route="none",status="405"} 1')
  t.notMatch(text, /canary/i)
})

t.test('refusals are counted by their code', async t => {
  const { app } = await buildHttp(t, app => { app.post('/', async () => 'ok') })
  await app.inject('/nothing')
  await app.inject({ method: 'POST', url: '/', headers: { 'content-type': 'text/plain' }, payload: 'x' })
  const text = await app.metrics.render()

  t.match(text, 'latchkey_refused_total{code="not_found"} 1')
  t.match(text, 'latchkey_refused_total{code="unsupported_media_type"} 1')
})

t.test('every counter of the table is shown, with the process', async t => {
  const app = Fastify()
  await app.register(metrics)
  app.metrics.increment('sign_ins', { outcome: 'success' })
  app.metrics.gauge('latchkey_test', 'A test.', () => 42)
  app.metrics.gauge('latchkey_broken', 'A test.', () => { throw new Error('broken') })
  const text = await app.metrics.render()

  for (const name of Object.keys(counters)) t.match(text, `# TYPE latchkey_${name}_total counter`)
  t.match(text, 'latchkey_sign_ins_total{outcome="success"} 1')
  t.match(text, /^latchkey_test 42$/m)
  t.match(text, /process_resident_memory_bytes \d/)
  t.notMatch(text, /^latchkey_broken /m, 'what cannot be read is not shown')
})

t.test('a counter begins with 0, so that increase() sees its first event', async t => {
  const { app } = await buildHttp(t, app => { app.get('/', async () => 'ok') })
  const text = await app.metrics.render()

  for (const series of [
    'refused_total{code="unavailable"}', 'sign_ins_total{outcome="invalid_credentials"}', 'refreshes_total{outcome="rotated"}',
    'refreshes_total{outcome="expired"}', 'sessions_ended_total{reason="reuse_detected"}', 'breach_checks_total{outcome="failed"}',
    'tokens_issued_total{kind="access"}', 'audit_chain_breaks_total'
  ]) t.match(text, `latchkey_${series} 0\n`, series)
})

t.test('every series that a node can count is there from its start', async t => {
  const app = await build(t)
  app.jobs.work('test', async () => {})
  const text = await app.metrics.render()

  for (const series of [
    'authz_denied_total{reason="rank"}', 'authz_denied_total{reason="users:read"}', 'cleaned_up_total{kind="changes"}',
    'tokens_checked_total{outcome="expired"}', 'sign_in_duration_seconds_count{outcome="success"}',
    'mails_total{kind="password_reset",outcome="failed"}', 'jobs_total{name="test",outcome="failed"}', 'hashes_refused_total'
  ]) t.match(text, `latchkey_${series} 0\n`, series)
  t.match(text, '# TYPE latchkey_hashes_refused_total counter')
  t.notMatch(text, /^latchkey_clean_up_success_timestamp_seconds /m, 'what has not happened has no time')
})

t.test('a gauge with a label shows the values that are listed now, and nothing while they cannot be read', async t => {
  const app = Fastify()
  await app.register(metrics)
  let read = (): [string, number][] => [['mail', 2], ['chores', 1]]
  app.metrics.gauges('latchkey_test', 'A test.', 'queue', () => read())

  t.match(await app.metrics.render(), 'latchkey_test{queue="mail"} 2\nlatchkey_test{queue="chores"} 1\n')
  read = () => [['mail', 3]]
  const text = await app.metrics.render()
  t.match(text, 'latchkey_test{queue="mail"} 3')
  t.notMatch(text, 'queue="chores"')
  read = () => { throw new Error('broken') }
  t.notMatch(await app.metrics.render(), /^latchkey_test\{/m)
})

t.test('work is measured with its outcome, which is passed on', async t => {
  const app = Fastify()
  await app.register(metrics)
  t.match(await app.metrics.render(), 'latchkey_sign_in_duration_seconds_count{outcome="failure"} 0', 'before the first')

  t.equal(await app.metrics.time('sign_in', async () => 'signed in'), 'signed in')
  await t.rejects(app.metrics.time('sign_in', async () => { throw new Error('no') }), { message: 'no' })
  const text = await app.metrics.render()
  for (const outcome of ['success', 'failure']) t.match(text, `latchkey_sign_in_duration_seconds_count{outcome="${outcome}"} 1`)
})

t.test('a total shows what was counted elsewhere', async t => {
  const app = Fastify()
  await app.register(metrics)
  let count = 2
  app.metrics.total('latchkey_test_total', 'A test.', () => count)

  t.match(await app.metrics.render(), /^latchkey_test_total 2$/m)
  count = 5
  t.match(await app.metrics.render(), /# TYPE latchkey_test_total counter\nlatchkey_test_total 5$/m)
})

t.test('two servers in one process count separately', async t => {
  const [one, two] = [Fastify(), Fastify()]
  await one.register(metrics)
  await two.register(metrics)
  one.metrics.increment('sign_ins', { outcome: 'success' })
  t.match(await two.metrics.render(), 'latchkey_sign_ins_total{outcome="success"} 0')
})

t.test('the figures of the process keep no server that is closed in memory', async t => {
  const { closed, text } = await closeServer()
  // A weak reference holds until the turn has ended in which it was made or looked at. What the system closes at its
  // own pace refers to the server for some turns more.
  for (let turn = 0; turn < 100 && closed.deref() !== undefined; turn++) {
    await setImmediate()
    collectGarbage()
  }

  t.match(text, /^nodejs_eventloop_lag_seconds \d/m, 'they were shown')
  t.match(text, /^# TYPE nodejs_gc_duration_seconds histogram$/m)
  t.ok(closed.deref() === undefined, 'it is gone')
})

/** What its metrics showed, and a server that nothing but what it has left behind refers to. */
async function closeServer () {
  const app = Fastify()
  await app.register(metrics)
  app.metrics.gauge('latchkey_test', 'A test.', () => app.server.maxConnections)
  const text = await app.metrics.render()
  await app.close()
  return { closed: new WeakRef(app), text }
}

t.test('METRICS_PORT serves the metrics until the app closes', async t => {
  const port = await freePort()
  const app = await withMetricsPort(t, port)
  await app.openMetricsPort()

  const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
  t.equal(answer.status, 200)
  t.match(await answer.text(), 'process_cpu_seconds_total')
  t.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 404)
  t.equal((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status, 404)

  await app.close()
  await t.rejects(fetch(`http://127.0.0.1:${port}/metrics`), 'and not after it')
})

t.test('a METRICS_PORT that is taken is an error that names the setting', async t => {
  const taken = createServer().listen(0, '127.0.0.1')
  t.teardown(() => taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo

  const app = await withMetricsPort(t, port)
  await t.rejects(app.openMetricsPort(), { message: /^METRICS_PORT cannot be opened: .*EADDRINUSE/ })
})

t.test('a command with the settings of a running node does not ask for its METRICS_PORT', async t => {
  const port = await freePort()
  const node = await withMetricsPort(t, port)
  await node.openMetricsPort()

  const command = await withMetricsPort(t, port)
  await t.resolves(async () => { await command.ready() })
})

async function withMetricsPort (t: Pick<Test, 'teardown'>, port: number) {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(metrics)
  await app.register(standIn('monitoring'))
  await app.register(metricsPort, { metricsPort: port, host: '127.0.0.1' })
  return app
}
