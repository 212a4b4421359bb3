import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import t from 'tap'
import type { Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { createClock } from '../lib/clock.ts'
import { ownRedis } from './failure/nodes.ts'
import { by, person } from './support/accounts/people.ts'
import { connect } from './support/database.ts'
import { cheapHasher, countingHasher, pausingHasher } from './support/hashers.ts'
import { as, deploy, freshAddress, password, post, refresh, signIn, signUp, start } from './support/helper.ts'
import type { Tokens } from './support/helper.ts'
import { tapWires } from './support/statements/wiretap.ts'
import { eventsOf, mailJobs, sentMails, trail } from './support/trail/evidence.ts'
import { until } from './support/until.ts'

const minute = 60_000
const hour = 60 * minute
const newPassword = 'seven quiet herons over reeds'
const caller = { ip: '127.0.0.1', userAgent: null, requestId: 'test' }

const hasher = countingHasher()
const { tap, deployment } = await tapWires(t, await deploy(t))
const clock = createClock()
const app = await start(t, deployment, { workers: false, hasher, clock })
const other = await start(t, deployment, { workers: false, hasher, clock })

t.test('of a hundred wrong logins at once, on two nodes and in every spelling, five passwords are checked', async t => {
  const ada = await signUp(app)
  const spellings = [ada.email, ada.email.toUpperCase(), ada.email.replace('example', 'EXAMPLE')]
  hasher.take()
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => post(n % 2 ? app : other, '/auth/login', { email: spellings[n % 3], password: `guess ${n}` })))

  t.equal(hasher.take().verifications, 5)
  t.same(tally(answers), { 'invalid_credentials 401': 5, 'too_many_attempts 429': 95 })
  t.same(await eventsOf(app, ada.user.id).then(events => events.filter(event => event === 'authn_login_lock').length), 1)
})

t.test('the right password among a hundred does no better', async t => {
  const ada = await signUp(app)
  await fail(ada.email, 4)
  hasher.take()
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => post(n % 2 ? app : other, '/auth/login', { email: ada.email, password: n === 99 ? password : `guess ${n}` })))
  t.equal(hasher.take().verifications, 1)
  t.same(tally(answers), { 'invalid_credentials 401': 1, 'too_many_attempts 429': 99 })
})

t.test('ten right logins at once all succeed', async t => {
  const ada = await signUp(app)
  const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => post(n % 2 ? app : other, '/auth/login', { email: ada.email, password })))
  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
})

t.test('while a bucket is locked, the right password gets the same answer and is not checked', async t => {
  const ada = await signUp(app)
  await fail(ada.email, 5)
  hasher.take()
  const [right, wrong] = [await login(ada.email), await login(ada.email, 'not the password', {}, other)]

  t.same(told(right), told(wrong))
  t.match(right.json(), { status: 429, code: 'too_many_attempts' })
  t.equal(right.headers['retry-after'], '1800')
  t.match(hasher.take(), { hashes: 0, verifications: 0 })
  t.equal((await app.database`select 1 from sessions where user_id = ${ada.user.id}`).length, 0)

  clock.advance(30 * minute + 1)
  t.match(await login(ada.email), { statusCode: 200 })
})

t.test('an address without an account is locked in the same way, with the same work at every step', async t => {
  const [ada, stranger, pending] = [(await signUp(app)).email, freshAddress(), freshAddress()]
  await post(app, '/auth/register', { email: pending, password, full_name: 'Ada' })
  const known = await life(ada)

  t.same(known.map(({ answer }) => answer.status), [401, 401, 401, 401, 401, 429, 429, 401, 401, 401, 401, 401, 429])
  t.same(known.map(({ work }) => work.hashes.verifications), [1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 0])
  t.same(known.map(({ jobs }) => jobs), [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
  for (const email of [stranger, pending]) {
    const unknown = await life(email)
    for (const [step, expected] of known.entries()) t.same(unknown[step], expected, `try ${step + 1}`)
  }

  async function life (email: string) {
    const steps: Awaited<ReturnType<typeof measured>>[] = []
    for (let n = 0; n < 13; n++) {
      if (n === 7) clock.advance(30 * minute + 1)
      steps.push(await measured(email))
    }
    return steps
  }

  async function measured (email: string) {
    const jobs = (await mailJobs(app)).length
    tap.take()
    hasher.take()
    const answer = await login(email, 'not the password')
    const work = { ...tap.take(), hashes: hasher.take() }
    return { answer: told(answer), work, jobs: (await mailJobs(app)).length - jobs }
  }
})

t.test('a stranger locks out no known device, no session and no refresh', async t => {
  const ada = await signUp(app)
  const phone = await signIn(app, ada)
  const laptop = await signIn(app, ada)
  await fail(ada.email, 5)
  t.match(await login(ada.email), { statusCode: 429 })

  for (const device of [ada.deviceToken, phone.device_token, laptop.device_token]) {
    t.match(await login(ada.email, password, { device_token: device }), { statusCode: 200 })
  }
  const next: Tokens = (await refresh(other, phone.refresh_token)).json()
  t.match(await as(app, next.access_token, 'GET', '/auth/check'), { statusCode: 204 })
  t.match(await as(other, next.access_token, 'GET', '/auth/me'), { statusCode: 200 })
  t.match(await as(app, next.access_token, 'POST', '/auth/reauthenticate', { password }), { statusCode: 200 })
  t.match(await login(ada.email), { statusCode: 429 }, 'their bucket is locked as before')
})

t.test('the device of a browser is known by its cookie', async t => {
  const ada = await signUp(app)
  const page = { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-origin' }
  const browser = await post(app, '/auth/login', { email: ada.email, password, transport: 'cookie' }, page)
  const cookie = [browser.headers['set-cookie']].flat().map(text => String(text).split(';')[0]).find(pair => pair?.startsWith('__Host-device='))
  if (cookie === undefined) throw new Error('there is no device cookie')
  await fail(ada.email, 5)

  const headers = { ...page, cookie }
  t.match(await post(app, '/auth/login', { email: ada.email, password, transport: 'cookie' }, headers), { statusCode: 200 })
  t.match(await post(app, '/auth/login', { email: ada.email, password, transport: 'cookie' }, page), { statusCode: 429 })
  for (let n = 0; n < 5; n++) t.match(await post(app, '/auth/login', { email: ada.email, password: 'not the password', transport: 'cookie' }, headers), { statusCode: 401 })
  t.match(await post(app, '/auth/login', { email: ada.email, password, transport: 'cookie' }, headers), { statusCode: 429 }, 'it has a bucket of its own')
})

t.test('each device has five tries of its own, and a success frees only its own', async t => {
  const ada = await signUp(app)
  const phone = { device_token: ada.deviceToken }
  const laptop = { device_token: (await signIn(app, ada)).device_token }
  await fail(ada.email, 4)
  await fail(ada.email, 4, laptop)
  await fail(ada.email, 5, phone)
  t.match(await login(ada.email, password, phone), { statusCode: 429 })

  t.match(await login(ada.email, password, laptop), { statusCode: 200 })
  await fail(ada.email, 4, laptop)
  t.match(await login(ada.email, password, phone), { statusCode: 429 }, 'the phone stays shut')
  await fail(ada.email, 1)
  t.match(await login(ada.email), { statusCode: 429 }, 'a stranger’s fifth is the fifth')
  t.match(await login(ada.email, password, laptop), { statusCode: 200 })
})

t.test('a browser that is known to one account is a stranger to another', async t => {
  const [ada, bob, eve] = [await signUp(app), await signUp(app), await signUp(app)]
  const browser = { device_token: ada.deviceToken }
  await signIn(app, bob, browser)

  await fail(ada.email, 5, browser)
  t.match(await login(ada.email, password, browser), { statusCode: 429 })
  t.match(await login(bob.email, password, browser), { statusCode: 200 }, 'wrong guesses at one account do not count at another')

  await fail(eve.email, 3, browser)
  await fail(eve.email, 2, { device_token: bob.deviceToken })
  t.match(await login(eve.email), { statusCode: 429 }, 'devices that an account does not know share the strangers’ bucket')
  t.match(await login(eve.email, password, browser), { statusCode: 429 })
  t.match(await login(eve.email, password, { device_token: eve.deviceToken }), { statusCode: 200 })
})

t.test('invented values are no device', async t => {
  const ada = await signUp(app)
  const tokens = ['A'.repeat(ada.deviceToken.length), `${ada.deviceToken}A`, ada.deviceToken.slice(0, -2), app.deviceTokens.issue(randomUUID()), (await signIn(app)).refresh_token]
  for (const token of tokens) await fail(ada.email, 1, { device_token: token })
  t.match(await login(ada.email), { statusCode: 429 })
})

t.test('ten devices are known; the one unused longest becomes a stranger', async t => {
  const ada = await signUp(app)
  const devices: string[] = []
  for (let n = 0; n < 11; n++) {
    clock.advance(1000)
    devices.push((await signIn(app, ada)).device_token)
  }
  await fail(ada.email, 5)
  const answers = await Promise.all(devices.map(device => login(ada.email, password, { device_token: device })))
  t.same(answers.map(({ statusCode }) => statusCode), [429, ...Array<number>(10).fill(200)])
})

t.test('ten former devices get no more guesses than a stranger once they are forgotten', async t => {
  const ada = await signUp(app)
  const devices = [ada.deviceToken]
  while (devices.length < 10) devices.push((await signIn(app, ada)).device_token)
  // The effect of a password reset.
  await app.database`delete from known_devices where user_id = ${ada.user.id}`

  hasher.take()
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => login(ada.email, `guess ${n}`, { device_token: devices[n % 10] })))
  t.equal(hasher.take().verifications, 5)
  t.same(tally(answers), { 'invalid_credentials 401': 5, 'too_many_attempts 429': 45 })
})

t.test('a device that is forgotten and becomes known again begins anew', async t => {
  const ada = await signUp(app)
  const phone = { device_token: ada.deviceToken }
  await fail(ada.email, 5, phone)
  await app.database`delete from known_devices where user_id = ${ada.user.id}`
  clock.advance(1)
  t.match(await login(ada.email, password, phone), { statusCode: 200 }, 'as a stranger')
  t.match(await login(ada.email, password, phone), { statusCode: 200 }, 'as a known device')
})

t.test('the mailbox is the way past a locked bucket: a confirmation there makes a known device', async t => {
  const ada = await signUp(app)
  await fail(ada.email, 5)
  t.match(await login(ada.email), { statusCode: 429 })
  t.match(await login(ada.email, password, { device_token: ada.deviceToken }), { statusCode: 200 })
})

t.test('an address that was guessed at before it had an account stays locked for strangers, not for its owner', async t => {
  const email = freshAddress()
  await fail(email, 5)
  const ada = await signUp(app, { email })
  t.match(await login(email), { statusCode: 429 })
  t.match(await login(email, password, { device_token: ada.deviceToken }), { statusCode: 200 })
})

t.test('the time of a lock doubles while failures go on, and a success ends that', async t => {
  const ada = await signUp(app)
  for (const minutes of [30, 60, 120, 240, 480, 720, 720]) {
    const isShut = await shut(t, ada.email, minutes * minute)
    clock.advance(minutes * minute - 1000 - isShut.sinceMs())
    t.match(await login(ada.email), { statusCode: 429 }, 'to the end')
    clock.advance(1001 + isShut.withinMs)
  }
  t.match(await login(ada.email), { statusCode: 200 })
  await shut(t, ada.email, 30 * minute)
})

/** Shuts the strangers' bucket: within how many ms it was done, and how many have passed since it began. */
async function shut (t: Test, email: string, lockedMs: number) {
  const began = performance.now()
  const sinceMs = () => Math.ceil(performance.now() - began)
  await fail(email, 5)
  const withinMs = sinceMs()
  const left = Number((await login(email)).headers['retry-after'])
  const [most, passed] = [lockedMs / 1000, Math.floor(sinceMs() / 1000)]
  t.ok(left <= most && left >= most - passed, `${left} s of ${most} are left after ${passed} whole seconds at most`)
  return { withinMs, sinceMs }
}

t.test('a session has one bucket for entering the password again, whatever the purpose', async t => {
  const ada = await signUp(app)
  const [phone, laptop] = [await signIn(app, ada), await signIn(app, ada)]
  for (let n = 0; n < 3; n++) t.match(await as(app, phone.access_token, 'POST', '/auth/reauthenticate', { password: 'not the password' }), { statusCode: 401 })
  for (let n = 0; n < 2; n++) await t.rejects(change(phone, 'not the password'), { code: 'invalid_credentials' })
  hasher.take()

  t.match((await as(other, phone.access_token, 'POST', '/auth/reauthenticate', { password })).json(), { status: 429, code: 'too_many_attempts' })
  await t.rejects(change(phone, password), { code: 'too_many_attempts', details: { retryAfter: 1800 } })
  t.match(hasher.take(), { hashes: 0, verifications: 0 })

  t.match(await as(app, phone.access_token, 'GET', '/auth/check'), { statusCode: 204 }, 'the session goes on')
  t.match(await refresh(app, phone.refresh_token), { statusCode: 200 })
  t.match(await login(ada.email), { statusCode: 200 }, 'nobody else is shut out')
  t.match(await as(app, laptop.access_token, 'POST', '/auth/reauthenticate', { password }), { statusCode: 200 })
  await fail(ada.email, 5)
  t.match(await as(app, laptop.access_token, 'POST', '/auth/reauthenticate', { password }), { statusCode: 200 })

  const events = (await trail(app, ada.user.id)).filter(({ sessionId, outcome }) => sessionId === phone.session.id && outcome === 'failure')
  t.same(events.map(({ event, reason }) => `${event} ${reason}`), [
    ...Array<string>(3).fill('authn_login_fail invalid_credentials'),
    ...Array<string>(2).fill('authn_password_change_fail invalid_credentials'),
    'authn_login_lock session',
    'authn_login_fail too_many_attempts'
  ])

  async function change (tokens: Tokens, currentPassword: string) {
    const principal = { userId: tokens.user.id, sessionId: tokens.session.id }
    return await app.accounts.changePassword(principal, { currentPassword, newPassword }, caller)
  }
})

t.test('an administrator unlocks the buckets of one account', async t => {
  const [ada, bob, boss] = [await signUp(app), await signUp(app), await person(app, 'super_admin')]
  const phone = { device_token: ada.deviceToken }
  await Promise.all([fail(ada.email, 5), fail(ada.email, 5, phone), fail(bob.email, 5)])
  tap.take()
  await other.userAdministration.unlock(ada.user.id, by(boss.id))
  t.equal(tap.take().commands.length, 2, 'one step for each bucket')

  t.match(await login(ada.email), { statusCode: 200 })
  t.match(await login(ada.email, password, phone), { statusCode: 200 })
  t.match(await login(bob.email), { statusCode: 429 })
  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_login_unlock'), [{ outcome: 'success', actorId: boss.id }])
  await fail(ada.email, 5)
  t.equal((await login(ada.email)).headers['retry-after'], '1800', 'the doubling is forgotten too')
  await t.rejects(app.userAdministration.unlock(randomUUID(), by(boss.id)), { code: 'not_found' })
})

t.test('the audit trail records each lock and does not grow with further tries', async t => {
  const ada = await signUp(app)
  const before = (await trail(app)).length
  await fail(ada.email, 5)
  for (let n = 0; n < 30; n++) await login(ada.email, 'not the password', {}, n % 2 ? app : other)
  t.equal((await trail(app)).length - before, 5 + 1 + 1)

  clock.advance(minute)
  await login(ada.email)
  const rows = (await trail(app, ada.user.id)).slice(-3)
  t.match(rows, [
    { event: 'authn_login_lock', outcome: 'failure', reason: 'strangers', read: { ip: '127.0.0.1', until: String } },
    { event: 'authn_login_fail', reason: 'too_many_attempts', read: { refused: 1 } },
    { event: 'authn_login_fail', reason: 'too_many_attempts', read: { refused: 30 } }
  ])
  const opens = Date.parse(String(rows[0]?.read?.['until']))
  t.ok(Math.abs(opens - (clock.now() - minute) - 30 * minute) < 10_000)

  const stranger = freshAddress()
  await fail(stranger, 5)
  await login(stranger)
  const marks = (await trail(app, null)).slice(-3)
  t.same(marks.map(({ event }) => event), ['authn_login_fail', 'authn_login_lock', 'authn_login_fail'])
  t.equal(new Set(marks.map(({ addressHmac }) => addressHmac?.toString('hex'))).size, 1)
})

t.test('the owner is notified, at most once an hour, and nobody else', async t => {
  const deployment = await deploy(t)
  const clock = createClock()
  const node = await start(t, deployment, { hasher, clock })
  const ada = await signUp(node)
  const locked = async () => (await sentMails(node, deployment.DATA_DIR)).filter(({ kind }) => kind === 'locked')
  await Promise.all([fail(freshAddress(), 5, {}, node), fail(ada.email.toUpperCase(), 5, {}, node)])

  const [mail, ...more] = await locked()
  t.match(mail, { to: ada.email, raw: /have not signed in to it before/ })
  t.equal(more.length, 0)

  await fail(ada.email, 5, { device_token: ada.deviceToken }, node)
  t.equal((await locked()).length, 1, 'another bucket within the hour')
  clock.advance(hour)
  await fail(ada.email, 5, { device_token: ada.deviceToken }, node)
  t.equal((await locked()).length, 2)
  t.equal((await trail(node, ada.user.id)).filter(({ event }) => event === 'authn_login_lock').length, 3, 'the trail tells of each')
})

t.test('a password that was never checked does not count', async t => {
  const slow = pausingHasher()
  const busy = await start(t, Object.assign({}, deployment, { HASH_CONCURRENCY: '1', HASH_QUEUE_MAX: '1' }), { workers: false, hasher: slow, clock })
  const ada = await signUp(busy)
  const { first, release } = await occupy(slow, busy)
  for (let n = 0; n < 20; n++) t.match((await login(ada.email, 'not the password', {}, busy)).json(), { status: 503, code: 'overloaded' })
  release()
  t.match(await first, { statusCode: 401 })
  await fail(ada.email, 4, {}, busy)
  t.match(await login(ada.email, password, {}, busy), { statusCode: 200 })
})

t.test('known devices and sessions are served before strangers who have waited longer', async t => {
  const order: string[] = []
  const slow = pausingHasher({
    hash: cheapHasher.hash,
    verify: async (stored, guess) => {
      order.push(guess.toString())
      return await cheapHasher.verify(stored, guess)
    }
  })
  const busy = await start(t, Object.assign({}, deployment, { HASH_CONCURRENCY: '1', HASH_QUEUE_MAX: '8' }), { workers: false, hasher: slow, clock })
  const ada = await signUp(busy)
  const tokens = await signIn(busy, ada)
  const { first, release } = await occupy(slow, busy)
  const strangers = [1, 2, 3].map(() => login(freshAddress(), 'a stranger', {}, busy))
  await until(() => busy.passwords.stats().queued.stranger === 3)
  const known = [login(ada.email, password, { device_token: ada.deviceToken }, busy), as(busy, tokens.access_token, 'POST', '/auth/reauthenticate', { password })]
  await until(() => busy.passwords.stats().queued.known === 2)
  order.length = 0
  release()

  const answers = await Promise.all([first, ...known, ...strangers])
  t.same(answers.map(({ statusCode }) => statusCode), [401, 200, 200, 401, 401, 401])
  t.same(order, ['not the password', password, password, 'a stranger', 'a stranger', 'a stranger'])
})

t.test('the settings decide the threshold and the time', async t => {
  const strict = await start(t, Object.assign({}, await deploy(t), { LOCKOUT_THRESHOLD: '2', LOCKOUT_DURATION: '1m' }), { workers: false, hasher, clock })
  const ada = await signUp(strict)
  await fail(ada.email, 2, {}, strict)
  const refused = await login(ada.email, password, {}, strict)
  t.match(refused.json(), { status: 429 })
  t.equal(refused.headers['retry-after'], '60')
  clock.advance(minute + 1)
  t.match(await login(ada.email, password, {}, strict), { statusCode: 200 })
})

t.test('without Redis no password is checked, and a Redis that loses its data unlocks the buckets', async t => {
  const server = await ownRedis(t)
  const node = await start(t, await deploy(t, { REDIS_URL: server.redisUrl }), { workers: false, hasher, clock })
  const ada = await signUp(node)
  const tokens = await signIn(node, ada)
  await fail(ada.email, 5, {}, node)

  const redis = new Redis(server.redisUrl)
  await redis.flushall()
  redis.disconnect()
  t.match(await login(ada.email, 'not the password', {}, node), { statusCode: 401 }, 'the bucket is unlocked')
  t.match(await refresh(node, tokens.refresh_token), { statusCode: 200 }, 'no session is touched')
  await fail(ada.email, 4, {}, node)
  t.match(await login(ada.email, password, {}, node), { statusCode: 429 }, 'it counts again')

  await server.kill()
  hasher.take()
  for (const email of [ada.email, freshAddress()]) {
    const answer = await login(email, password, {}, node)
    t.match(answer.json(), { status: 503, code: 'unavailable' })
    t.ok(answer.headers['retry-after'])
  }
  t.match(await login(ada.email, password, { device_token: ada.deviceToken }, node), { statusCode: 503 })
  t.match(hasher.take(), { verifications: 0 })
})

t.test('an owner whose notice could not be queued gets it with the next lock, and then none for an hour', async t => {
  const ada = await signUp(app)
  const notices = async () => (await mailJobs(app, 'locked')).filter(({ userId }) => userId === ada.user.id).length
  await fail(ada.email, 4)
  const owner = connect(t, deployment.DATABASE_DIRECT_URL)
  await owner`alter table jobs rename to jobs_away`
  t.match(await login(ada.email, 'not the password'), { statusCode: 503 })
  await owner`alter table jobs_away rename to jobs`
  t.match(await login(ada.email), { statusCode: 429 }, 'the bucket is locked')
  t.equal(await notices(), 0)

  clock.advance(30 * minute)
  await fail(ada.email, 5)
  t.match(await login(ada.email), { statusCode: 429 }, 'and locked again')
  t.equal(await notices(), 1)

  await post(app, '/auth/login', { email: ada.email, password: 'not the password', device_token: ada.deviceToken })
  await fail(ada.email, 4, { device_token: ada.deviceToken })
  t.match(await login(ada.email, password, { device_token: ada.deviceToken }), { statusCode: 429 })
  t.equal(await notices(), 1)
})

async function login (
  email: string,
  attempt = password,
  fields: Record<string, unknown> = {},
  node: FastifyInstance = app
) {
  return await post(node, '/auth/login', { email, password: attempt, ...fields })
}

/** This many wrong passwords, each of which is checked. */
async function fail (email: string, times: number, fields: Record<string, unknown> = {}, node: FastifyInstance = app) {
  for (let n = 0; n < times; n++) {
    const { statusCode, body } = await login(email, 'not the password', fields, node)
    if (statusCode !== 401) throw new Error(`failure ${n + 1} answered ${statusCode}: ${body}`)
  }
}

/** Everything that a caller can see of a refusal. */
function told (answer: Awaited<ReturnType<typeof login>>) {
  const { request_id: _, ...body } = answer.json()
  const { date: __, 'x-request-id': ___, ...headers } = answer.headers
  return { status: answer.statusCode, headers, body }
}

function tally (answers: Awaited<ReturnType<typeof login>>[]) {
  const counts: Record<string, number> = {}
  for (const answer of answers) counts[`${answer.json().code} ${answer.statusCode}`] = (counts[`${answer.json().code} ${answer.statusCode}`] ?? 0) + 1
  return counts
}

/** Occupies the only place for hashing until it is released. */
async function occupy (slow: ReturnType<typeof pausingHasher>, node: FastifyInstance) {
  let release = () => {}
  const held = new Promise<void>(resolve => { release = resolve })
  const running = new Promise<void>(resolve => {
    slow.meanwhile = async () => {
      resolve()
      await held
    }
  })
  const first = login(freshAddress(), 'not the password', {}, node)
  await running
  return { first, release }
}
