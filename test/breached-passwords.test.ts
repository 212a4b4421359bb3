import { once } from 'node:events'
import { createServer as listenTo } from 'node:net'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import latchkey from '../app.ts'
import { createClock } from '../lib/clock.ts'
import { loadConfig } from '../lib/config/config.ts'
import { createServer } from '../plugins/http/server.ts'
import { run } from './support/command.ts'
import { connect } from './support/database.ts'
import { compilersFactory } from './support/documents/compilers.ts'
import { cheapHasher, countingHasher } from './support/hashers.ts'
import { as, deploy, freshAddress, password, post, signIn, signUp, start } from './support/helper.ts'
import type { Deployment } from './support/helper.ts'
import { digestOf, startRangeServer } from './support/outside/range-server.ts'
import type { Behaviour } from './support/outside/range-server.ts'
import { tapWires } from './support/statements/wiretap.ts'
import { startStopwatch } from './support/stopwatch.ts'
import { eventsOf, trail } from './support/trail/evidence.ts'
import { until } from './support/until.ts'

const stolen = 'a stolen walk through dry leaves'
const ranges = await startRangeServer(t)
ranges.add(stolen)
const deployment = await deploy(t, { BREACHED_PASSWORDS_URL: ranges.url })

t.test('a stolen password is refused at registration, with a reason and before anything is written', async t => {
  const { app, count } = await startNode(t)
  const email = freshAddress()
  const before = await rows(app)

  t.match((await register(app, { email, password: stolen })).json(), { status: 422, code: 'password_rejected', errors: [{ path: '/password', code: 'breached', message: /stolen/ }] })
  t.strictSame(await rows(app), before)
  t.strictSame(await count(), { breached: 1 })

  t.equal((await register(app, { email })).statusCode, 201)
  t.strictSame(await count(), { breached: 1, clean: 1 })
  t.strictSame(await checksFailed(app), [])
})

t.test('the service is asked only for registrations that have been counted', async t => {
  const { app, count } = await startNode(t, { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_REGISTER: '3/1h' })
  const statuses = []
  for (let n = 0; n < 6; n++) statuses.push((await register(app, { password: stolen })).statusCode)

  t.strictSame(statuses, [422, 422, 422, 429, 429, 429])
  t.strictSame(await count(), { breached: 3 })
})

t.test('with EMAIL_VERIFICATION=optional it is refused as well', async t => {
  const { app } = await startNode(t, { EMAIL_VERIFICATION: 'optional' })

  t.match((await register(app, { password: stolen })).json(), { status: 422, code: 'password_rejected', errors: [{ code: 'breached' }] })
  t.equal((await register(app)).statusCode, 201)
})

t.test('a change of the password refuses a stolen one', async t => {
  const { app } = await startNode(t)
  const ada = await signUp(app)
  const { access_token: token } = await signIn(app, ada)
  const asked = ranges.asked.length

  t.match(await as(app, token, 'POST', '/auth/password/change', { current_password: 'not the right one', new_password: stolen }), { statusCode: 401 })
  t.equal(ranges.asked.length, asked, 'who does not know the password causes no question')
  t.match((await as(app, token, 'POST', '/auth/password/change', { current_password: password, new_password: stolen })).json(), { status: 422, code: 'password_rejected', errors: [{ path: '/new_password', code: 'breached' }] })
  t.match(await post(app, '/auth/login', { email: ada.email, password: stolen }), { statusCode: 401 })
  t.match(await post(app, '/auth/login', { email: ada.email, password }), { statusCode: 200 })
})

t.test('a reset and an invitation refuse a stolen password, and their links still work', async t => {
  const { app } = await startNode(t)

  for (const purpose of ['password_reset', 'invitation'] as const) {
    const ada = await signUp(app)
    const id = await app.database.begin(tx => app.oneTimeTokens.issue(tx, { purpose, userId: ada.user.id }))
    const token = app.oneTimeTokens.tokenOf(purpose, id)
    const asked = ranges.asked.length

    t.match((await post(app, '/auth/password/reset', { token: token.split('').reverse().join(''), new_password: stolen })).json(), { status: 422, code: 'token_invalid' })
    t.equal(ranges.asked.length, asked, 'who has no token causes no question')
    t.match((await post(app, '/auth/password/reset', { token, new_password: stolen })).json(), { status: 422, code: 'password_rejected', errors: [{ path: '/new_password', code: 'breached' }] })
    t.equal(ranges.asked.length, asked + 1)
    t.match(await post(app, '/auth/login', { email: ada.email, password }), { statusCode: 200 }, 'the password is what it was')

    t.match(await post(app, '/auth/password/reset', { token, new_password: 'another walk through wet moss' }), { statusCode: 200 })
    t.match((await post(app, '/auth/password/reset', { token, new_password: stolen })).json(), { code: 'token_invalid' })
    t.equal(ranges.asked.length, asked + 2, 'nor who has a spent one')
  }
})

t.test('the command line refuses a stolen password', async t => {
  const deployment = await deploy(t, { BREACHED_PASSWORDS_URL: ranges.url })
  const sql = connect(t, deployment.DATABASE_URL)

  t.match(await createAdmin(deployment, stolen), { code: 1, stdout: '', stderr: /stolen/ })
  t.equal((await sql`select id from users`).length, 0)
  t.match(await createAdmin(deployment, password), { code: 0 })
})

t.test('five characters of the digest leave the server, and nothing else that depends on the password', async t => {
  const { app } = await startNode(t)
  const secret = 'quillfeather moss walk 7391'
  const digest = digestOf(secret)
  ranges.received = ''
  t.equal((await register(app, { password: secret })).statusCode, 201)
  const received = ranges.received

  t.match(received, new RegExp(`^GET /range/${digest.slice(0, 5)} HTTP/1\\.1\r\n`))
  t.match(received, /\r\nadd-padding: true\r\n/i)
  t.match(received, /\r\nuser-agent: Latchkey\r\n/i)
  t.notMatch(received, /cookie|authorization|referer|content-length|quillfeather|ada-/i)
  t.equal(received.split('GET ').length, 2, 'one request')

  ranges.received = ''
  t.equal((await register(app, { password: 'plum orbit kestrel vane' })).statusCode, 201)
  t.equal(ranges.received.replace(/range\/[0-9A-F]{5} /, ''), received.replace(/range\/[0-9A-F]{5} /, ''), 'two passwords differ in five characters')
})

t.test('the cheap rules come first, and known and unknown addresses cost the same', async t => {
  const { tap, deployment: tapped } = await tapWires(t, deployment)
  const hasher = countingHasher()
  const { app } = await startNode(t, tapped, { hasher })
  const { email } = await signUp(app)

  const asked = ranges.asked.length
  for (const bad of ['short', 'password', 'Latchkey2026!!', 'Summer2026!']) t.equal((await register(app, { password: bad })).statusCode, 422)
  t.equal((await register(app, { email: 'no address', password: stolen })).statusCode, 422)
  t.equal(ranges.asked.length, asked)

  const [known, unknown] = [await measured(email), await measured(freshAddress())]
  t.strictSame(known, unknown)
  t.strictSame({ ...known.work, asked: 1 }, { statements: [], commands: [], hashes: 0, verifications: 0, asked: 1 }, 'a refusal costs a question and nothing else')

  async function measured (email: string) {
    const asked = ranges.asked.length
    tap.take()
    hasher.take()
    const answer = await register(app, { email, password: stolen })
    const { errors, code } = answer.json()
    return {
      status: answer.statusCode,
      errors,
      code,
      work: { ...tap.take(), ...hasher.take(), asked: ranges.asked.length - asked }
    }
  }
})

t.test('padding rows are ignored, and rows in another case are read', async t => {
  const { app } = await startNode(t)

  behave(t, 'padding')
  t.equal((await register(app, { password: stolen })).statusCode, 201)
  behave(t, 'lowercase')
  t.equal((await register(app, { password: stolen })).statusCode, 422)
})

t.test('whatever the service does, the user is let in; the metric, the trail and the log report it', async t => {
  const { app, clock, count, lines } = await startNode(t, {}, { deadline: 10_000 })
  const bad: [Behaviour, string, (string | number)?][] = [
    ['error', 'refused', 500], ['limited', 'refused', 429], ['redirect', 'refused', 302], ['garbage', 'unreadable'], ['empty', 'unreadable'], ['trimmed', 'unreadable'],
    ['cut', 'unreachable', 'UND_ERR_SOCKET'], ['reset', 'unreachable', 'ECONNRESET'], ['huge', 'too_large'], ['bomb', 'too_large']
  ]

  for (const [index, [behaviour, reason]] of bad.entries()) {
    behave(t, behaviour)
    clock.advance(60_000)
    t.equal((await register(app, { password: stolen })).statusCode, 201, behaviour)
    t.strictSame(await count(), { failed: index + 1 })
    t.match((await checksFailed(app)).slice(index), [{ outcome: 'failure', reason, subjectId: null, actorId: null, addressHmac: null, read: { ip: '', user_agent: null, unchecked: 1 } }], behaviour)
  }
  t.notOk(ranges.asked.some(path => path.includes('elsewhere')), 'a redirect is not followed')

  const warnings = lines.filter(line => line.includes('without being looked up')).map(line => JSON.parse(line))
  t.strictSame(warnings.map(({ level, reason, detail, unchecked }) => [level, reason, detail, unchecked]), bad.map(([, reason, detail]) => ['warn', reason, detail, 1]))
  const told = JSON.stringify([lines, await trail(app)]).toLowerCase()
  for (const secret of [stolen, digestOf(stolen), digestOf(stolen).slice(0, 5), digestOf(stolen).slice(5)]) t.notOk(told.includes(secret.toLowerCase()), 'nothing tells which password it was')

  behave(t, 'honest')
  clock.advance(60_000)
  t.equal((await register(app, { password: stolen })).statusCode, 422, 'and when it is back it is heard')
})

t.test('nobody waits longer than the deadline, and no connection stays open', async t => {
  const { app, clock, count } = await startNode(t, {}, { deadline: 50 })
  const failed = (await checksFailed(app)).length

  for (const [index, behaviour] of (['slow', 'hanging', 'stalling'] as const).entries()) {
    behave(t, behaviour)
    clock.advance(60_000)
    const passed = startStopwatch()
    t.equal((await register(app, { password: stolen })).statusCode, 201, behaviour)
    t.ok(passed() < 900, behaviour)
    t.strictSame(await count(), { failed: index + 1 })
    t.match((await checksFailed(app)).slice(failed + index), [{ reason: 'timeout' }])
  }
  behave(t, 'honest')
  await until(async () => await ranges.connections() <= 1)
})

t.test('a service that is not there refuses nobody', async t => {
  const server = listenTo().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  const { app, lines } = await startNode(t, { BREACHED_PASSWORDS_URL: `http://127.0.0.1:${port}/range` })

  t.equal((await register(app, { password: stolen })).statusCode, 201)
  t.match((await checksFailed(app)).at(-1), { reason: 'unreachable' })
  t.match(JSON.parse(lines.find(line => line.includes('without being looked up')) ?? ''), { detail: 'ECONNREFUSED' })
})

t.test('a hanging service costs one second, five times, and then nothing for half a minute', async t => {
  const { app, clock, count } = await startNode(t)
  const failed = (await checksFailed(app)).length
  behave(t, 'hanging')

  const started = performance.now()
  const passed = startStopwatch()
  const answers = await Promise.all(Array.from({ length: 20 }, () => register(app, { password: stolen })))
  const [milliseconds, patient] = [performance.now() - started, passed()]
  t.same(new Set(answers.map(answer => answer.statusCode)), new Set([201]))
  t.ok(milliseconds > 950 && patient < 4000, `${milliseconds.toFixed()} ms for twenty at once`)
  t.strictSame(await count(), { failed: 16, skipped: 4 })
  t.equal((await checksFailed(app)).length, failed + 1, 'one event')

  const asked = ranges.asked.length
  for (let time = 0; time < 10; time++) t.equal((await register(app, { password: stolen })).statusCode, 201)
  t.equal(ranges.asked.length, asked, 'the circuit is open')
  t.strictSame(await count(), { failed: 16, skipped: 14 })

  behave(t, 'honest')
  clock.advance(30_000)
  t.equal((await register(app, { password: stolen })).statusCode, 422)
  t.equal((await register(app, { password: stolen })).statusCode, 422, 'and closed again')
  t.strictSame(await count(), { failed: 16, skipped: 14, breached: 2 })
})

t.test('without the setting no service is asked', async t => {
  const app = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })
  const asked = ranges.asked.length

  t.equal(loadConfig(await deploy(t)).breachedPasswords.url, null)
  t.equal((await register(app, { password: stolen })).statusCode, 201)
  t.equal(ranges.asked.length, asked)
  t.notMatch(await app.metrics.render(), /breach_checks_total\{.*\} [1-9]/)
})

/** A node whose lookups may take `deadline` milliseconds, and what it logs and counts. */
async function startNode (
  t: Test,
  settings: Record<string, string> = {},
  { deadline = 1000, hasher = cheapHasher } = {}
) {
  const { breachedPasswords, ...config } = loadConfig({ ...deployment, LOG_LEVEL: 'trace', ...settings })
  const clock = createClock()
  const lines: string[] = []
  const stream = new PassThrough().on('data', (chunk: Buffer) => lines.push(...chunk.toString().trim().split('\n')))
  const app = createServer(config, { stream, compilersFactory })
  t.teardown(() => app.close())

  await app.register(latchkey, {
    config: { ...config, breachedPasswords: { ...breachedPasswords, deadline } },
    clock,
    workers: false,
    hasher
  })
  await app.ready()
  return { app, clock, lines, count }

  async function count () {
    const shown = (await app.metrics.render()).matchAll(/^latchkey_breach_checks_total\{outcome="(\w+)"\} (\d+)$/gm)
    const counted = Array.from(shown, ([, outcome, times]) => [outcome, Number(times)] as const)
    return Object.fromEntries(counted.filter(([, times]) => times > 0))
  }
}

async function register (app: FastifyInstance, fields: object = {}) {
  return await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King', ...fields })
}

/** Makes the service behave like this until the test ends. */
function behave (t: Test, behaviour: Behaviour) {
  ranges.behaviour = behaviour
  t.teardown(() => { ranges.behaviour = 'honest' })
}

async function checksFailed (app: FastifyInstance) {
  return (await trail(app, null)).filter(({ event }) => event === 'breach_check_failed')
}

async function rows (app: FastifyInstance) {
  const [registrations, jobs] = [await app.database`select count(*)::int from registrations`, await app.database`select count(*)::int from jobs`]
  return { registrations, jobs, events: (await eventsOf(app)).length }
}

async function createAdmin (settings: Partial<Deployment>, typed: string) {
  return await run(settings, ['create-admin', freshAddress()], `${typed}\n`)
}
