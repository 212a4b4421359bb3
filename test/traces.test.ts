import type { ServerResponse } from 'node:http'
import { Session } from 'node:inspector'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { beginWork, runWork } from '../lib/context/work.ts'
import type { Test } from 'tap'
import { connect } from './support/database.ts'
import { deploy, freshAddress, password, post, refresh, signIn, start } from './support/helper.ts'
import { startIngest } from './support/outside/ingest.ts'
import type { ArrivedSpan } from './support/outside/ingest.ts'
import { startMailServer } from './support/outside/mail-server.ts'
import { until } from './support/until.ts'

const theirs = { trace: '0af7651916cd43dd8448eb211c80319c', span: 'b7ad6b7169203331' }
const traceparent = `00-${theirs.trace}-${theirs.span}-01`
const deployment = await deploy(t)
const sampledAll = { OTEL_TRACES_SAMPLER: 'always_on' }

t.test('without an endpoint nothing of OpenTelemetry is loaded; with one it is', async t => {
  const loaded = await scriptsLoaded(t)
  const ingest = await startIngest(t)
  const app = await start(t, deployment)

  t.notOk(app.tracing.isOn)
  t.strictSame(loaded().filter(url => telemetry.test(url)), [])
  const watched = Object.assign({ OTEL_EXPORTER_OTLP_ENDPOINT: ingest.url }, deployment)
  await start(t, watched, { workers: false })
  t.strictSame(loaded().filter(url => telemetry.test(url)), [], 'nor for a command')
  await start(t, watched)
  t.ok(loaded().some(url => telemetry.test(url)))
})

t.test('a sign-in is one trace: the request, what it asks Postgres and Redis, the hash', async t => {
  const { app, spans } = await traced(t, { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20b3Bz', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=tests' })
  await signIn(app)
  const found = await spans()
  const root = found.find(({ name }) => name === 'POST /api/v1/auth/login')
  const parts = found.filter(({ traceId }) => traceId === root?.traceId)

  t.match(root, { kind: 2, parentSpanId: undefined, status: {}, attributes: { 'http.request.method': 'POST', 'http.route': '/api/v1/auth/login', 'http.response.status_code': 200 } })
  const names = parts.map(({ name }) => name)
  for (const name of ['select users', 'evalsha open-session', 'password hash', 'compute hash']) t.ok(names.includes(name), `${name} of ${names.join()}`)
  t.match(parts.find(({ name }) => name === 'select users')?.attributes, { 'db.system.name': 'postgresql', 'db.operation.name': 'select', 'db.query.text': /from users/ })
  t.strictSame(parts.filter(span => span !== root && !parts.some(({ spanId }) => spanId === span.parentSpanId)), [], 'each part has its whole here')
})

t.test('the trace of a request ends when its client hangs up', async t => {
  const { app, lines, spans } = await traced(t)
  const { user: { id }, access_token: token } = await signIn(app)
  const sql = connect(t, deployment.DATABASE_URL, { max: 1 })
  const hangingUp = new AbortController()
  const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/api/v1/auth/me`
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }

  await sql.begin(async sql => {
    await sql`select from users where id = ${id} for update`
    const asking = fetch(url, { method: 'PATCH', headers, body: '{"full_name":"Ada Byron"}', signal: hangingUp.signal })
    await until(async () => (await sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).length > 0)
    hangingUp.abort()
    await t.rejects(asking)
    await until(async () => lines().some(({ msg }) => msg === 'request cut off'))
  })
  const ended = (await spans()).filter(({ name }) => name === 'PATCH /api/v1/auth/me')
  t.match(ended, [{ status: {}, attributes: { 'http.response.status_code': 499 } }])
  t.equal(ended.length, 1)
})

t.test('a mail is a trace of its own', async t => {
  const server = await startMailServer(t)
  const { app, spans } = await traced(t, { ...await deploy(t), SMTP_URL: server.url })
  await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King' })
  while (server.mails.length === 0) await pause(20)
  await app.jobs.stop(5000)
  const found = await spans()
  const sent = found.find(({ name }) => name === 'send mail')

  t.match(sent?.attributes, { 'latchkey.mail.kind': 'verify_email' })
  t.match(found.find(({ spanId }) => spanId === sent?.parentSpanId), { name: 'job mail', parentSpanId: undefined })
})

t.test('nothing that a client sends is in a trace, and nothing that the node keeps secret', async t => {
  const { app, ingest, spans } = await traced(t)
  const canary = 'canary-4711'
  const { refresh_token: token, access_token: access, user: { email } } = await signIn(app)
  await refresh(app, token)
  await app.inject({ method: 'GET', url: `/api/v1/auth/me?q=${canary}`, headers: { authorization: `Bearer ${access}`, 'user-agent': canary, cookie: `a=${canary}`, 'x-request-id': canary, traceparent, tracestate: `a=${canary}` }, remoteAddress: '203.0.113.77' })
  await app.inject({ method: 'GET', url: `/${canary}/${canary}` })
  await app.inject({ method: 'POST', url: `/api/v1/auth/login?${canary}`, payload: { email: `${canary}@example.com`, password: canary } })
  await spans()

  const sent = ingest.arrived.map(({ body }) => body).join()
  t.ok(sent.length > 1000)
  for (const secret of [canary, token, access, email, password, '203.0.113.77', theirs.trace, 'example.com']) t.notOk(sent.includes(secret), secret)
})

t.test('a stranger decides neither the ids of a trace nor whether it is kept', async t => {
  const headers = { traceparent }
  // One node, whose proxy may pass on what a stranger has written.
  const open = await traced(t, { OTEL_TRACES_SAMPLER: 'parentbased_always_off', TRUST_PROXY: '127.0.0.1' })
  await open.app.inject({ url: '/api/v1/auth/me', headers: { ...headers, 'x-request-id': 'mine' }, remoteAddress: '127.0.0.1' })
  t.strictSame(await open.spans(), [])
  const named = open.lines().filter(({ request_id: id }) => id === 'mine')
  t.ok(named.length > 0 && named.every(({ trace_id: id }) => /^[0-9a-f]{32}$/.test(id) && id !== theirs.trace), 'the log names a trace of our own')

  // A second node, whose proxy is believed.
  const trusting = await traced(t, { OTEL_TRACES_SAMPLER: 'parentbased_always_off', TRUST_PROXY: '127.0.0.1', TRACEPARENT_FROM_PROXY: 'true' })
  await trusting.app.inject({ url: '/api/v1/auth/me', headers, remoteAddress: '203.0.113.7' })
  await trusting.app.inject({ url: '/api/v1/auth/me', remoteAddress: '127.0.0.1' })
  await trusting.app.inject({ url: '/api/v1/auth/me', headers: { traceparent: `${traceparent}, ${traceparent}` }, remoteAddress: '127.0.0.1' })
  await trusting.app.inject({ url: '/api/v1/auth/me', headers: { traceparent: traceparent.replace(/01$/, '00') }, remoteAddress: '127.0.0.1' })
  await trusting.app.inject({ url: '/api/v1/auth/me', headers, remoteAddress: '127.0.0.1' })
  const roots = (await trusting.spans()).filter(({ kind }) => kind === 2)
  t.match(roots, [{ traceId: theirs.trace, parentSpanId: theirs.span }], 'one: of the proxy that says that it is to be kept')
  t.equal(roots.length, 1)
})

t.test('not even a proxy has everything kept', async t => {
  const { app, spans } = await traced(t, { TRUST_PROXY: '127.0.0.1', TRACEPARENT_FROM_PROXY: 'true' })
  const began = performance.now()
  await Promise.all(Array.from({ length: 400 }, () => app.inject({ url: '/nowhere', headers: { traceparent }, remoteAddress: '127.0.0.1' })))
  const most = 100 * (1 + (performance.now() - began) / 1000)
  const found = await spans()

  t.ok(found.length >= 100 && found.length <= most, `${found.length} of ${most} at most`)
})

t.test('what throws is a failure by its code; a refusal of the request is none', async t => {
  const { app, spans, lines } = await traced(t)
  const trace = app.tracing.begin('work')
  await runWork(beginWork({}), trace?.span ?? null, () => app.database`select ${'canary'}::int as number`).catch(() => {})
  trace?.end({})
  await app.inject({ url: '/api/v1/auth/me', headers: { 'x-request-id': 'mine' } })
  const found = await spans()

  t.match(found.find(({ name }) => name === 'select'), { status: { code: 2 }, attributes: { 'error.type': '22P02' } })
  const root = found.find(({ kind }) => kind === 2)
  t.match(root, { status: {}, attributes: { 'latchkey.refusal': 'unauthenticated' } })
  t.notMatch(JSON.stringify(found), 'canary')
  const named = lines().filter(({ request_id: id }) => id === 'mine')
  t.ok(named.length > 0 && named.every(({ trace_id: id, span_id: span }) => id === root?.traceId && span === root?.spanId), 'each line names the trace')
})

t.test('a collector that hangs or refuses delays no request and no stop, and is reported once', async t => {
  for (const answer of [() => {}, (response: ServerResponse) => { response.writeHead(503).end() }]) {
    const { app, lines, ingest } = await traced(t, {}, answer)
    const asked = performance.now()
    for (let n = 0; n < 30; n++) await Promise.all(Array.from({ length: 20 }, () => app.inject('/nowhere')))
    t.ok(performance.now() - asked < 10_000)
    if (ingest.arrived.length === 0) await ingest.next()

    const closing = performance.now()
    await app.close()
    t.ok(performance.now() - closing < 4000, `closed after ${performance.now() - closing} ms`)
    t.ok(lines().filter(({ msg }) => msg === 'traces cannot be sent').length <= 1)
  }
})

const telemetry = /@sentry|@opentelemetry\/(sdk|exporter|otlp)/

/** The URLs of the scripts that this process has loaded from now on. */
async function scriptsLoaded (t: Pick<Test, 'teardown'>) {
  const urls: string[] = []
  const session = new Session()
  session.connect()
  session.on('Debugger.scriptParsed', ({ params: { url } }) => { urls.push(url) })
  session.post('Debugger.enable')
  urls.length = 0
  t.teardown(() => session.disconnect())
  return () => urls
}

/** A node that traces everything, and what has arrived when it has closed. */
async function traced (t: Pick<Test, 'teardown'>, settings: Record<string, string> = {}, answer?: Parameters<typeof startIngest>[1]) {
  const ingest = await startIngest(t, answer)
  const written: string[] = []
  const stream = { write: (line: string) => { written.push(line) } }
  const node = { ...deployment, ...sampledAll, OTEL_EXPORTER_OTLP_ENDPOINT: ingest.url, LOG_LEVEL: 'info', ...settings }
  const app = await start(t, node, { stream })

  return { app, ingest, lines: () => written.map(line => JSON.parse(line)), spans }

  async function spans (): Promise<ArrivedSpan[]> {
    await app.close()
    return ingest.spans()
  }
}
