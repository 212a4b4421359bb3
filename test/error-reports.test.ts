import type { ServerResponse } from 'node:http'
import t from 'tap'
import type { Test } from 'tap'
import { Refusal, unavailable } from '../lib/errors.ts'
import { AttemptFailure } from '../lib/jobs/failures.ts'
import { deploy, password, post, signIn, start } from './support/helper.ts'
import { startIngest } from './support/outside/ingest.ts'

interface Event {
  level: string
  transaction: string
  tags: Record<string, string>
  exception: { values: { type: string, value: string, stacktrace?: { frames: { filename: string }[] } }[] }
}

const deployment = await deploy(t)

t.test('an unexpected error is reported, and nothing in it is secret', async t => {
  const { app, ingest, events } = await watched(t)
  const { access_token: access, refresh_token: token } = await signIn(app)
  const [address, address6, email, secret] = ['203.0.113.77', '2001:db8::77', 'grace@example.com', 'correct horse battery']
  app.accounts.login = async () => {
    const query = Object.assign(new Error(`invalid input syntax for type uuid: "${secret}"`), { code: '22P02', detail: email, parameters: [secret] })
    throw new TypeError(`Cannot read properties of undefined (reading 'id') of ${email} ${secret} from ${address} [${address6}] code 004711\n    at steal (/${secret}/x.js:1:1) ${token} ${access}`, { cause: query })
  }
  const answer = await app.inject({
    method: 'POST',
    url: `/api/v1/auth/login?q=${secret}`,
    payload: { email, password: secret },
    headers: { 'x-request-id': 'mine', cookie: `latchkey_access=${access}; other=${token}`, 'user-agent': 'canary-agent', 'x-forwarded-for': address },
    remoteAddress: address
  })
  t.equal(answer.statusCode, 500)
  const [event] = await events()

  t.match(event, {
    level: 'error',
    transaction: 'POST /api/v1/auth/login',
    release: /^latchkey@\d/,
    environment: 'test',
    tags: { request_id: 'mine' },
    sdk: { settings: { infer_ip: 'never' } },
    exception: { values: [{ type: 'Error', value: /^22P02: invalid input syntax for type uuid: "…"$/ }, { type: 'TypeError', value: /^Cannot read properties of undefined \(reading 'id'\) of … … from … / }] }
  })
  const frames = event?.exception.values[1]?.stacktrace?.frames ?? []
  t.ok(frames.length > 0 && frames.every(({ filename }) => !filename.startsWith('/') && !filename.includes('steal')))
  const sent = ingest.arrived.map(({ url, body }) => url + body).join()
  for (const part of [access, token, email, secret, address, address6, '004711', 'canary', process.cwd(), deployment.DATABASE_URL, deployment.ENCRYPTION_KEY, 'grace', 'horse']) t.notOk(sent.includes(part), part)
  t.strictSame(Object.keys(event ?? {}).filter(name => /request|user|breadcrumbs|extra|modules/.test(name)), [])
})

t.test('what is expected is not reported: refusals, outages, what a job meets outside', async t => {
  const { app, ingest } = await watched(t)
  const thrown = [new Refusal('approval_pending'), unavailable(new Error('no connection'))]
  app.accounts.login = async () => { throw thrown.shift() }
  t.equal((await post(app, '/auth/login', { email: 'ada@example.com', password })).statusCode, 403)
  t.equal((await post(app, '/auth/login', { email: 'ada@example.com', password })).statusCode, 503)
  await post(app, '/auth/login', { email: 1 })
  await app.inject('/nowhere')
  await runJob(app, 'outside', async () => { throw new AttemptFailure('the mail server is away') })
  await app.close()

  t.strictSame(ingest.arrived, [])
})

t.test('an error in a job is reported', async t => {
  const { app, events } = await watched(t)
  await runJob(app, 'broken', async () => { throw new RangeError('Invalid array length') })

  t.match(await events(), [{ transaction: 'job broken', exception: { values: [{ type: 'RangeError', value: 'Invalid array length' }] } }])
})

t.test('many errors at once are few reports, and the metrics say how many there were', async t => {
  const { app, events } = await watched(t)
  app.accounts.login = async () => { throw new TypeError('x is not a function') }
  await Promise.all(Array.from({ length: 80 }, () => post(app, '/auth/login', { email: 'ada@example.com', password })))
  const dropped = /latchkey_error_reports_total\{outcome="dropped"\} (\d+)/.exec(await app.metrics.render())?.[1]

  t.ok(Number(dropped) >= 50, String(dropped))
  t.ok((await events()).length <= 30)
})

t.test('where reports go may hang or refuse: no request and no stop waits', async t => {
  for (const answer of [() => {}, (response: ServerResponse) => { response.writeHead(429, { 'retry-after': '60' }).end() }]) {
    const { app, lines } = await watched(t, answer)
    app.accounts.login = async () => { throw new TypeError('x is not a function') }
    const asked = performance.now()
    for (let n = 0; n < 15; n++) await post(app, '/auth/login', { email: 'ada@example.com', password })
    t.ok(performance.now() - asked < 4000)

    const closing = performance.now()
    await app.close()
    t.ok(performance.now() - closing < 4000, `closed after ${performance.now() - closing} ms`)
    t.ok(lines().filter(({ msg }) => msg === 'error reports cannot be sent').length <= 1)
  }
})

/** A node that reports errors, and the events that have arrived when it has closed. */
async function watched (t: Pick<Test, 'teardown'>, answer?: (response: ServerResponse) => void) {
  const ingest = await startIngest(t, answer)
  const written: string[] = []
  const stream = { write: (line: string) => { written.push(line) } }
  const node = Object.assign({ SENTRY_DSN: ingest.dsn, LOG_LEVEL: 'warn' }, deployment)
  const app = await start(t, node, { stream })

  return { app, ingest, lines: () => written.map(line => JSON.parse(line)), events }

  async function events (): Promise<Event[]> {
    await app.close()
    return ingest.arrived.map(({ body }) => JSON.parse(body.split('\n')[2] ?? ''))
  }
}

/** Does one job of a queue, to its failure. */
async function runJob (app: Awaited<ReturnType<typeof start>>, queue: string, handler: () => Promise<void>) {
  const begun = new Promise<void>(resolve => {
    app.jobs.work(queue, async () => {
      resolve()
      await handler()
    })
  })
  await app.database.begin(tx => app.jobs.send(tx, queue, {}))
  await begun
}
