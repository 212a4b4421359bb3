import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { FastifyInstance } from 'fastify'
import { openProxy } from '../../failure/nodes.ts'
import { codeAt, guarded, nextStep } from '../../support/accounts/factors.ts'
import type { Guarded } from '../../support/accounts/factors.ts'
import { brief, by, person, signed } from '../../support/accounts/people.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, password, post, signIn, signUp, start } from '../../support/helper.ts'
import { mailJobs, trail } from '../../support/trail/evidence.ts'

const minute = 60_000
const hour = 60 * minute
const free = { locked: false, buckets: [] }

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const clerk = await person(app, 'accountant')
const chief = await person(app, 'super_admin')

t.test('an account at which nobody has failed is held back by nothing', async t => {
  const ada = await signUp(app)
  t.strictSame((await read(ada.user.id)).json(), free)
  await fail(ada.email, 1)
  await signIn(app, ada)
  t.strictSame((await read(ada.user.id)).json(), free, 'a success forgets the failures')
})

t.test('failures of strangers are counted, and lock strangers for half an hour', async t => {
  const ada = await signUp(app)
  await fail(ada.email, 4)
  t.strictSame((await read(ada.user.id)).json(), {
    locked: false,
    buckets: [{ method: 'password', kind: 'strangers', device_id: null, locked: false, locked_until: null, failures: 4, locks: 0 }]
  })

  await fail(ada.email, 1)
  const { locked, buckets: [bucket, ...others] } = (await read(ada.user.id)).json()
  t.equal(locked, true)
  t.match(bucket, { method: 'password', kind: 'strangers', device_id: null, locked: true, failures: 0, locks: 1 })
  t.strictSame(others, [])
  const left = Date.parse(bucket.locked_until) - app.clock.now()
  t.ok(left > 29 * minute && left <= 30 * minute, `${left} ms`)
  t.match((await trail(app, ada.user.id)).find(({ event }) => event === 'authn_login_lock'), { reason: 'strangers' })

  app.clock.advance(30 * minute + 1)
  t.match((await read(ada.user.id)).json(), { locked: false, buckets: [{ locked: false, locked_until: null, locks: 1 }] }, 'it opens by itself, and the next lock is twice as long')
  app.clock.advance(12 * hour)
  t.strictSame((await read(ada.user.id)).json(), free, 'until it is forgotten')
})

t.test('a device that is locked is named, and the other devices are not locked', async t => {
  const ada = await signUp(app)
  await signIn(app, ada)
  await fail(ada.email, 5, { device_token: ada.deviceToken })
  const { locked, buckets } = (await read(ada.user.id, other)).json()
  t.equal(locked, true)
  t.match(buckets, [{ method: 'password', kind: 'device', device_id: app.deviceTokens.read(ada.deviceToken), locked: true, locks: 1 }])
  t.equal(buckets.length, 1)
  t.ok((await as(app, await tokenOf(app), 'GET', `/users/${ada.user.id}/devices`)).json().devices.some(({ id }: { id: string }) => id === buckets[0].device_id))
  t.ok(await signIn(app, ada), 'strangers may try')
})

t.test('wrong codes are counted apart from passwords', async t => {
  const ada = await guarded(app)
  for (let n = 0; n < 5; n++) await enter(ada, { code: '000000' })
  await enter(ada, { recovery_code: 'AAAA-AAAA-AAAA-AAAA-AAAA-AAAA' })
  const { locked, buckets } = (await read(ada.user.id)).json()
  t.equal(locked, true)
  t.match(buckets, [
    { method: 'totp', kind: 'strangers', locked: true, locks: 1 },
    { method: 'recovery_code', kind: 'strangers', locked: false, failures: 1 }
  ])
  t.ok(Date.parse(buckets[0].locked_until) > app.clock.now())
})

t.test('after a hundred wrong codes strangers stay locked until an administrator unlocks', async t => {
  const ada = await guarded(app)
  await app.database`update totp_secrets set strangers_failures = 100 where user_id = ${ada.user.id}`
  const { buckets, ...rest } = (await read(ada.user.id)).json()
  t.match({ rest, buckets }, { rest: { locked: true }, buckets: [{ method: 'totp', kind: 'strangers', device_id: null, locked: true, locked_until: null }] })
  t.equal(buckets.length, 1, 'the devices that the account knows are not locked')
  nextStep(app)
  t.match(brief(await enter(ada, { code: codeAt(app, ada) })), { code: 'too_many_attempts' })
  await app.userAdministration.unlock(ada.user.id, by(chief.id))
  t.strictSame((await read(ada.user.id)).json(), free)
})

t.test('an unlocking leaves nothing of it, and other accounts as they are', async t => {
  const [ada, bob] = [await signUp(app), await signUp(app)]
  for (const { email, deviceToken } of [ada, bob]) {
    await fail(email, 5)
    await fail(email, 5, { device_token: deviceToken })
  }
  t.equal((await read(ada.user.id)).json().buckets.length, 2)
  await app.userAdministration.unlock(ada.user.id, by(chief.id))
  t.strictSame((await read(ada.user.id)).json(), free)
  t.equal((await read(bob.user.id)).json().buckets.length, 2)
})

t.test('to look is no try, and changes nothing', async t => {
  const ada = await signUp(app)
  await fail(ada.email, 4)
  const token = await tokenOf(app)
  const state = async () => [await records(), (await trail(app)).length, (await mailJobs(app)).length, await app.database`select u::text from users u where id = ${ada.user.id}`]
  const before = await state()
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => as(n % 2 ? app : other, token, 'GET', `/users/${ada.user.id}/lock`)))
  t.strictSame(new Set(answers.map(({ body }) => body)).size, 1)
  t.strictSame(await state(), before, 'not in Redis either')
  t.ok(await signIn(app, ada), 'the fifth try is still there')

  await fail(ada.email, 5)
  const { buckets: [locked] } = (await read(ada.user.id)).json()
  app.clock.advance(29 * minute)
  await read(ada.user.id)
  app.clock.advance(Date.parse(locked.locked_until) - app.clock.now() + 1)
  t.ok(await signIn(app, ada), 'nor is a lock any longer for it')
})

t.test('it tells no key, no address and nothing about the guesses', async t => {
  const ada = await guarded(app)
  await fail(ada.email, 5)
  await enter(ada, { code: '000000' })
  const { body } = await read(ada.user.id)
  t.notMatch(body, /127\.0\.0\.1|lane|hash|secret|guess/)
  t.notOk(body.includes(ada.email) || body.includes(ada.totpId))
  for (const bucket of JSON.parse(body).buckets) t.strictSame(Object.keys(bucket), ['method', 'kind', 'device_id', 'locked', 'locked_until', 'failures', 'locks'])
})

t.test('it takes the permission alone, and nobody else learns whether an id exists', async t => {
  const [ada, token] = [await signed(app), await tokenOf(app)]
  t.match(brief(await as(app, token, 'GET', `/users/${chief.id}/lock`)), { status: 200 }, 'whatever the rank')
  for (const id of [ada.id, chief.id, randomUUID()]) t.match(brief(await as(app, ada.access_token, 'GET', `/users/${id}/lock`)), { status: 403, code: 'forbidden' })
  t.match(brief(await as(app, token, 'GET', `/users/${randomUUID()}/lock`)), { status: 404, code: 'not_found' })
  t.match(brief(await as(app, token, 'GET', '/users/not-an-id/lock')), { status: 404, code: 'not_found' })
  t.match(brief(await app.inject(`/api/v1/users/${ada.id}/lock`)), { status: 401 })
})

for (const [store, setting] of [['Redis', 'REDIS_URL'], ['Postgres', 'DATABASE_URL']] as const) {
  t.test(`without ${store} the answer is 503, never that nothing is locked`, async t => {
    const deployment = await deploy(t)
    const proxy = await openProxy(t, deployment[setting])
    const node = await start(t, { ...deployment, [setting]: proxy.url }, { workers: false, hasher: cheapHasher })
    const [reader, ada] = [await signed(node, 'accountant'), await person(node)]
    t.strictSame((await as(node, reader.access_token, 'GET', `/users/${ada.id}/lock`)).json(), free)
    proxy.cut()
    const answer = await as(node, reader.access_token, 'GET', `/users/${ada.id}/lock`)
    t.match(brief(answer), { status: 503, code: 'unavailable' })
    t.ok(Number(answer.headers['retry-after']) > 0)
    proxy.restore()
  })
}

t.test('while each answer of Redis takes long, the answer is 503 before the caller has gone', async t => {
  const deployment = await deploy(t, { DB_STATEMENT_TIMEOUT: '10s' })
  const proxy = await openProxy(t, deployment.REDIS_URL)
  const node = await start(t, { ...deployment, REDIS_URL: proxy.url }, { workers: false, hasher: cheapHasher })
  const [reader, ada] = [await signed(node, 'accountant'), await person(node)]
  await node.database`update users set two_step = true where id = ${ada.id}`
  await node.database`
    insert into known_devices (user_id, device_id, created_at, last_used_at)
    select ${ada.id}, gen_random_uuid(), now(), now() from generate_series(1, 9)`
  t.strictSame((await as(node, reader.access_token, 'GET', `/users/${ada.id}/lock`)).json(), free)

  proxy.slow(400)
  const answer = await as(node, reader.access_token, 'GET', `/users/${ada.id}/lock`)
  t.match(brief(answer), { status: 503, code: 'unavailable' })
  t.ok(Number(answer.headers['retry-after']) > 0)
  proxy.slow(0)
})

async function read (id: string, node: FastifyInstance = app) {
  return await as(node, await tokenOf(node), 'GET', `/users/${id}/lock`)
}

let reader: { token: string, at: number } | undefined

/** The access token of an administrator. It is renewed before it expires: the tests move the clock. */
async function tokenOf (node: FastifyInstance) {
  if (!reader || app.clock.now() - reader.at > 10 * minute) {
    reader = { token: (await signIn(node, clerk)).access_token, at: app.clock.now() }
  }
  return reader.token
}

async function fail (email: string, times: number, fields: object = {}) {
  for (let n = 0; n < times; n++) await post(app, '/auth/login', { email, password: `guess ${n}`, ...fields })
}

/** The second step of a sign-in by a stranger. */
async function enter (ada: Guarded, proof: object) {
  const { mfa_token: token } = (await post(app, '/auth/login', { email: ada.email, password })).json()
  return await post(app, '/auth/login/second-factor', { mfa_token: token, ...proof })
}

/** Everything about buckets that stands in Redis. */
async function records () {
  const prefix = deployment.REDIS_KEY_PREFIX
  const keys = (await app.redis.keys(`${prefix}lane:*`)).sort()
  return await Promise.all(keys.map(async key => [key, await app.redis.get(key.slice(prefix.length))]))
}
