import t from 'tap'
import { readVersion } from '../../lib/config/version.ts'
import { as, build, post, signIn } from '../support/helper.ts'
import { debianProgram, runProgram } from '../support/outside/debian-program.ts'
import { until } from '../support/until.ts'

/** Gauges of prom-client whose names do not follow the conventions. Public dashboards of Node.js ask for them. */
const namesOfLibrary = /^nodejs_active_(handles|requests|resources)_total non-counter/

const promtool = await debianProgram('promtool', ['prometheus'])

t.test('the metrics of a node follow the conventions of Prometheus', { skip: promtool.missing }, async t => {
  const { app } = await listen(t)
  const { code, output } = await runProgram(promtool, ['check', 'metrics'], { input: await app.metrics.render() })

  t.ok(code === 0 || code === 3, `promtool itself did its work: ${output}`)
  t.strictSame(output.split('\n').filter(line => line !== '' && !namesOfLibrary.test(line)), [])
})

t.test('a node shows what people set alarms on', async t => {
  const { app, read } = await listen(t)
  const session = await signIn(app)
  await as(app, session.access_token, 'GET', '/auth/me')
  await as(app, 'no.token.atall', 'GET', '/auth/me')
  await post(app, '/auth/login', { email: session.user.email, password: 'a wrong one' })
  await until(async () => await read('latchkey_jobs_failed{queue="mail"}') === 0, 5000)

  for (const gauge of ['mail_up', 'feed_fresh', 'keys_up', 'ready']) t.match(await read(`latchkey_${gauge}`), Number, gauge)
  for (const kind of ['waiting', 'failed', 'overdue_seconds']) t.type(await read(`latchkey_jobs_${kind}{queue="clean-up"}`), 'number', kind)
  t.equal(await read('latchkey_tokens_checked_total{outcome="valid"}'), 1)
  t.equal(await read('latchkey_tokens_checked_total{outcome="invalid"}'), 1)
  for (const outcome of ['success', 'failure']) t.equal(await read(`latchkey_sign_in_duration_seconds_count{outcome="${outcome}"}`), 1)

  const now = Date.now() / 1000
  const [activated, rotation] = [await read('latchkey_signing_key_activated_timestamp_seconds'), await read('latchkey_signing_key_rotation_timestamp_seconds')]
  t.ok(now - activated < 60, 'the key is as old as the deployment')
  t.ok(Math.abs(rotation - activated - 30 * 86_400) < 1, 'and signs for SIGNING_KEY_TTL')
  t.ok(await read('latchkey_feed_age_seconds') < 3)
  t.ok(Math.abs(await read('latchkey_clock_skew_seconds')) < 1)
  t.ok(await read('latchkey_memory_limit_bytes') > await read('process_resident_memory_bytes'))
  t.ok(await read('latchkey_heap_limit_bytes') > await read('nodejs_heap_size_used_bytes'))
  t.equal(await read(`latchkey_build_info{version="${readVersion()}"}`), 1)
  t.type(await read('nodejs_eventloop_lag_p99_seconds'), 'number')
})

/** A node that listens, for only such a one counts the jobs, and a function that reads one of its series. */
async function listen (t: Parameters<typeof build>[0]) {
  const app = await build(t, { SIGNING_KEY_TTL: '30d' })
  await app.listen({ host: '127.0.0.1', port: 0 })
  return { app, read }

  async function read (series: string): Promise<number> {
    const line = (await app.metrics.render()).split('\n').find(text => text.startsWith(`${series} `))
    return line === undefined ? NaN : Number(line.slice(series.length))
  }
}
