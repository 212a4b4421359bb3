import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import t from 'tap'
import type { Test } from 'tap'
import { createClock } from '../lib/clock.ts'
import { defaultDeadline, live, outcomeOf, ownPostgres, ownRedis, timed } from './failure/nodes.ts'
import { parseList } from './support/documents/structured-fields.ts'
import { cheapHasher, countingHasher } from './support/hashers.ts'
import { api, as, codeOf, deploy, freshAddress, password, received, refresh, signIn, signUp, start } from './support/helper.ts'
import { secondsLeft } from './support/rate-limits.ts'
import { tapWires } from './support/statements/wiretap.ts'
import { mailJobs, sentMails } from './support/trail/evidence.ts'
import { until } from './support/until.ts'

const minute = 60_000

t.test('ten logins in a quarter of an hour are allowed from one address, whatever the accounts, and ten again afterwards', async t => {
  const { app, hasher } = await limited(t)
  const ada = await account(app)
  const stranger = () => login(app, { email: freshAddress() })

  for (let n = 0; n < 5; n++) t.equal(outcomeOf(await stranger()), '401 invalid_credentials')
  for (let n = 0; n < 5; n++) t.equal(outcomeOf(await login(app, ada)), '200')
  hasher.take()

  const refused = await login(app, ada)
  t.equal(outcomeOf(refused), '429 rate_limited')
  t.match(refused.headers, { 'content-type': /^application\/problem\+json/, 'retry-after': /^\d+$/, 'cache-control': 'no-store' })
  t.ok(Number(refused.headers['retry-after']) > 890 && Number(refused.headers['retry-after']) <= 900)
  t.same(Object.keys(refused.json()).sort(), ['code', 'detail', 'request_id', 'status', 'title', 'type'])
  t.equal(outcomeOf(await stranger()), '429 rate_limited', 'with and without an account')
  t.same(hasher.take(), { hashes: 0, verifications: 0 }, 'no password was looked at')
  t.equal(outcomeOf(await login(app, ada, '198.51.100.8')), '200', 'another address is not touched')

  app.clock.advance(15 * minute)
  t.equal(outcomeOf(await login(app, ada)), '200')
})

t.test('the fields are structured fields that say what is left', async t => {
  const { app } = await limited(t)
  const ada = await account(app)
  const began = performance.now()
  const first = await login(app, ada)
  t.equal(first.headers['ratelimit-policy'], '"login";q=10;w=900')
  t.equal(first.headers['ratelimit'], '"login";r=9;t=900')

  for (let left = 8; left >= 0; left--) {
    const answer = await login(app, { email: freshAddress() })
    t.same(fieldsOf(answer), {
      policy: [['login', { q: 10, w: 900 }]],
      limit: [['login', { r: left, t: secondsLeft(t, answer, began) }]]
    })
  }
  app.clock.advance(5 * minute)
  const refused = await login(app, ada)
  const { limit: [member] } = fieldsOf(refused)
  t.match(member, ['login', { r: 0 }])
  t.equal(String(member?.[1]['t']), refused.headers['retry-after'], 'until the same moment as Retry-After')
  t.ok(Number(member?.[1]['t']) > 590 && Number(member?.[1]['t']) <= 600)
})

t.test('several windows hold together and are reported together', async t => {
  const { app } = await limited(t, { RATE_LIMIT_LOGIN: '2/1m,3/1h' })
  const outcomes: string[] = []
  for (let n = 0; n < 3; n++) outcomes.push(outcomeOf(await login(app, { email: freshAddress() })))
  app.clock.advance(minute)
  for (let n = 0; n < 2; n++) outcomes.push(outcomeOf(await login(app, { email: freshAddress() })))
  t.same(outcomes.map(outcome => outcome.slice(0, 3)), ['401', '401', '429', '401', '429'])

  const refused = await login(app, { email: freshAddress() })
  t.match(fieldsOf(refused), {
    policy: [['login-60s', { q: 2, w: 60 }], ['login-3600s', { q: 3, w: 3600 }]],
    limit: [['login-60s', { r: 1 }], ['login-3600s', { r: 0 }]]
  })
  t.ok(Number(refused.headers['retry-after']) > 3500, 'the longer wait counts')
})

t.test('of a hundred logins at once, over two nodes, ten are checked', async t => {
  const { app, deployment, hasher } = await limited(t)
  const other = await start(t, deployment, { hasher })
  hasher.take()
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) =>
    login(n % 2 ? app : other, { email: freshAddress() })))

  t.same(tally(answers), { '401 invalid_credentials': 10, '429 rate_limited': 90 })
  t.equal(hasher.take().verifications, 10)
})

t.test('a known device is counted separately, whatever strangers do at its address', async t => {
  const { app } = await limited(t)
  const ada = await account(app)
  for (let n = 0; n < 11; n++) await login(app, { email: freshAddress() })
  t.equal(outcomeOf(await login(app, ada)), '429 rate_limited')

  const known = { ...ada, device_token: ada.deviceToken }
  const answer = await login(app, known)
  t.equal(outcomeOf(answer), '200')
  t.match(fieldsOf(answer), { limit: [['login', { r: 9 }]] })
  for (let n = 0; n < 9; n++) t.equal(outcomeOf(await login(app, known, `203.0.113.${n}`)), '200', 'from wherever it comes')
  t.equal(outcomeOf(await login(app, known, '203.0.113.99')), '429 rate_limited')
})

t.test('a browser is known by its cookie', async t => {
  const { app } = await limited(t, { RATE_LIMIT_LOGIN: '2/15m' })
  const ada = { ...await account(app), transport: 'cookie' as const }
  const origin = { origin: 'http://localhost:3000' }
  for (let n = 0; n < 3; n++) await login(app, { email: freshAddress() })

  t.equal(outcomeOf(await login(app, ada, undefined, origin)), '429 rate_limited')
  for (const left of [1, 0]) {
    const answer = await login(app, ada, undefined, { ...origin, cookie: `__Host-device=${ada.deviceToken}` })
    t.equal(outcomeOf(answer), '200')
    t.match(fieldsOf(answer), { limit: [['login', { r: left }]] })
  }
  const refused = await login(app, ada, undefined, { ...origin, cookie: `__Host-device=${ada.deviceToken}` })
  t.equal(outcomeOf(refused), '429 rate_limited')
  t.notOk(refused.headers['set-cookie'], 'no cookie is touched by it')
})

t.test('a request that another origin causes in a browser does not count for its device', async t => {
  const { app } = await limited(t, { RATE_LIMIT_LOGIN: '1/15m', RATE_LIMIT_GLOBAL: '9/15m', ALLOWED_ORIGINS: 'https://app.example.com' })
  for (let n = 0; n < 20; n++) t.equal(outcomeOf(await login(app, { email: freshAddress() }, undefined, { origin: 'https://evil.example' })), '403 csrf')

  const origin = 'https://app.example.com'
  t.equal(outcomeOf(await login(app, { email: freshAddress() }, undefined, { origin })), '401 invalid_credentials')
  const refused = await login(app, { email: freshAddress() }, undefined, { origin })
  t.equal(outcomeOf(refused), '429 rate_limited')
  t.match(refused.headers, { 'access-control-allow-origin': origin, 'access-control-expose-headers': /Retry-After, RateLimit, RateLimit-Policy/ }, 'the application may read them')
})

t.test('with limits, an address with an account and one without still cost the same', async t => {
  const { tap, deployment } = await tapWires(t, await deploy(t, { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_REGISTER: '100/1h', RATE_LIMIT_LOGIN: '100/15m' }))
  const app = await start(t, deployment, { hasher: cheapHasher, workers: false })
  const ada = await account(app)
  const work = async (ask: () => Promise<Answer>) => {
    tap.take()
    const { headers: { date, 'x-request-id': id, ratelimit, ...headers } } = await ask()
    return { ...tap.take(), headers }
  }
  for (const ask of [
    (email: string) => register(app, { email }),
    (email: string) => send(app, 'POST', '/auth/login', { email, password: 'not the right one at all' }),
    (email: string) => send(app, 'POST', '/auth/login', { email, password: 'not the right one at all', device_token: ada.deviceToken }, '203.0.113.7')
  ]) {
    await ask(freshAddress())
    const [known, unknown] = [await work(() => ask(ada.email)), await work(() => ask(freshAddress()))]
    t.same(unknown, known)
    t.ok(known.commands.length >= 2)
  }
})

t.test('a device token gives no more guesses at other accounts', async t => {
  const { app } = await limited(t)
  const mallory = await account(app)
  const outcomes: string[] = []
  for (let n = 0; n < 12; n++) {
    outcomes.push(outcomeOf(await login(app, { email: freshAddress(), device_token: mallory.deviceToken })))
  }
  t.same(outcomes, [...Array(10).fill('401 invalid_credentials'), '429 rate_limited', '429 rate_limited'])

  for (const token of ['', 'x', `${mallory.deviceToken.slice(0, -2)}AA`]) t.equal((await login(app, { email: freshAddress(), device_token: token || 'x' })).statusCode, 429, 'an invented one is worth nothing')
  t.equal(outcomeOf(await login(app, { ...mallory, device_token: mallory.deviceToken })), '200', 'at their own it is')
})

t.test('three registrations an hour are allowed from one address; one that the policy refuses is not counted', async t => {
  const { app, hasher } = await limited(t)
  for (let n = 0; n < 5; n++) {
    t.equal(outcomeOf(await register(app, { password: 'password1' })), '422 password_rejected')
    t.equal(outcomeOf(await register(app, { email: 'x' })), '422 invalid_request')
  }
  const began = performance.now()
  for (const left of [2, 1, 0]) {
    const answer = await register(app)
    t.equal(outcomeOf(answer), '201')
    t.equal(answer.headers['ratelimit'], `"register";r=${left};t=${secondsLeft(t, answer, began, 3600)}`)
  }
  hasher.take()
  t.equal(outcomeOf(await register(app)), '429 rate_limited')
  t.equal(outcomeOf(await send(app, 'POST', '/auth/signup', { email: freshAddress(), password, full_name: 'Ada King' })), '429 rate_limited', 'by either name')
  t.equal(hasher.take().hashes, 0)
  t.equal((await app.database`select id from registrations`).length, 3)

  app.clock.advance(60 * minute)
  t.equal(outcomeOf(await register(app)), '201')
})

t.test('a network may try sixty weak passwords in a quarter of an hour, and is then refused before they are judged', async t => {
  const { app, hasher } = await limited(t)
  for (let n = 0; n < 60; n++) t.equal(outcomeOf(await register(app, { password: 'password1' })), '422 password_rejected')
  hasher.take()

  const refused = await register(app, { password: 'password1' })
  t.equal(outcomeOf(refused), '429 rate_limited')
  t.ok(Number(refused.headers['retry-after']) > 890 && Number(refused.headers['retry-after']) <= 900)
  t.equal(outcomeOf(await register(app)), '429 rate_limited', 'a good one is not judged either')
  t.equal(outcomeOf(await register(app, { email: 'x' })), '422 invalid_request', 'what costs nothing is not counted')
  t.equal(hasher.take().hashes, 0)
  t.equal(outcomeOf(await register(app, { password: 'password1' }, '198.51.100.8')), '422 password_rejected', 'another network is not touched')
  t.equal(outcomeOf(await login(app, { email: freshAddress() })), '401 invalid_credentials', 'nor is anything else')

  app.clock.advance(15 * minute)
  t.equal(outcomeOf(await register(app)), '201', 'and none of it was counted as a registration')
})

t.test('of a hundred registrations at once three are accepted', async t => {
  const { app } = await limited(t)
  t.same(tally(await Promise.all(Array.from({ length: 100 }, () => register(app)))), { 201: 3, '429 rate_limited': 97 })
})

t.test('codes may be tried ten times in a quarter of an hour from one address', async t => {
  const { app } = await limited(t)
  const attempt = () => send(app, 'POST', '/auth/verify-email', { registration_id: randomUUID(), code: '000000' })
  for (let n = 0; n < 10; n++) t.equal(outcomeOf(await attempt()), '422 token_invalid')
  const refused = await attempt()
  t.equal(outcomeOf(refused), '429 rate_limited')
  t.match(fieldsOf(refused), { policy: [['verify-email', { q: 10, w: 900 }]], limit: [['verify-email', { r: 0 }]] })
  t.equal(outcomeOf(await login(app, { email: freshAddress() })), '401 invalid_credentials', 'logins are counted by themselves')
})

t.test('a session may rotate twenty times in a quarter of an hour, over two nodes; the limit signs nobody out', async t => {
  const { app, deployment } = await limited(t)
  const nodes = [app, await start(t, deployment, { hasher: cheapHasher, clock: app.clock })] as const
  const { refresh_token: first, session } = await signIn(app, await account(app))
  let token = first
  const began = performance.now()
  for (let n = 0; n < 20; n++) {
    const answer = await refresh(nodes[n % 2] ?? app, token)
    t.equal(answer.statusCode, 200)
    t.same(fieldsOf(answer), {
      policy: [['refresh', { q: 20, w: 900 }]],
      limit: [['refresh', { r: 19 - n, t: secondsLeft(t, answer, began) }]]
    })
    token = answer.json().refresh_token
  }
  const before = await hotRecord(app, session.id)
  for (const node of nodes) {
    const refused = await refresh(node, token)
    t.equal(outcomeOf(refused), '429 rate_limited')
    const left = secondsLeft(t, refused, began)
    t.match(refused.headers, { 'retry-after': `${left}`, ratelimit: `"refresh";r=0;t=${left}` })
    t.notOk(refused.headers['set-cookie'])
  }
  t.equal(await hotRecord(app, session.id), before, 'nothing has changed')

  app.clock.advance(15 * minute)
  t.equal(outcomeOf(await refresh(app, token)), '200', 'the very token still works')
  t.equal((await app.database`select id from sessions where ended_at is not null`).length, 0)
})

t.test('replays are not rotations: they are neither counted nor refused, up to the general limit', async t => {
  const { app } = await limited(t, { RATE_LIMIT_REFRESH: '2/15m', RATE_LIMIT_GLOBAL: '30/15m' })
  const { refresh_token: first } = await signIn(app, await account(app))
  const second = (await refresh(app, first)).json().refresh_token
  for (let n = 0; n < 10; n++) {
    const replay = await refresh(app, first)
    t.equal(replay.json().refresh_token, second)
    t.match(fieldsOf(replay), { limit: [['refresh', { r: 1 }]] })
  }
  const third = (await refresh(app, second)).json().refresh_token
  t.equal(outcomeOf(await refresh(app, third)), '429 rate_limited')
  t.equal((await refresh(app, second)).json().refresh_token, third, 'who has lost an answer still gets it')

  const storm = await Promise.all(Array.from({ length: 60 }, () => refresh(app, second)))
  t.same(tally(storm), { 200: 16, '429 rate_limited': 44 })
  t.match(fieldsOf(await refresh(app, second)), { policy: [['default', { q: 30 }]] })
})

t.test('fifty refreshes at once count as one rotation', async t => {
  const { app } = await limited(t)
  const { refresh_token: token } = await signIn(app, await account(app))
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(app, token)))
  t.same(tally(answers), { 200: 50 })
  t.equal(new Set(answers.map(answer => answer.json().refresh_token)).size, 1)
  t.match(fieldsOf(await refresh(app, answers[0]?.json().refresh_token)), { limit: [['refresh', { r: 18 }]] })
})

t.test('rotations of many tokens at once are counted exactly', async t => {
  const { app } = await limited(t, { RATE_LIMIT_REFRESH: '5/15m' })
  let token = (await signIn(app, await account(app))).refresh_token
  for (let n = 0; n < 20; n++) {
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(app, token)))
    token = answers.find(answer => answer.statusCode === 200)?.json().refresh_token ?? token
    t.equal(new Set(answers.map(({ statusCode }) => statusCode)).size, 1)
    t.equal(answers[0]?.statusCode, n < 5 ? 200 : 429)
  }
})

t.test('entering the password again rotates too, and is not counted', async t => {
  const { app } = await limited(t, { RATE_LIMIT_REFRESH: '1/15m' })
  let tokens = await signIn(app, await account(app))
  tokens = (await refresh(app, tokens.refresh_token)).json()
  t.equal(outcomeOf(await refresh(app, tokens.refresh_token)), '429 rate_limited')
  for (let n = 0; n < 3; n++) {
    const proved = await as(app, tokens.access_token, 'POST', '/auth/reauthenticate', { password })
    t.equal(proved.statusCode, 200)
    tokens = proved.json()
  }
  app.clock.advance(15 * minute)
  t.equal(outcomeOf(await refresh(app, tokens.refresh_token)), '200')
})

t.test('the general limit counts each session by itself, and requests without one by address', async t => {
  const { app, deployment } = await limited(t, { RATE_LIMIT_GLOBAL: '5/15m', RATE_LIMIT_LOGIN: '1000/15m' })
  const ada = await account(app)
  const [phone, laptop] = [await signIn(app, ada), await signIn(app, ada)]
  const me = (token: string) => as(app, token, 'GET', '/auth/me')

  for (let n = 0; n < 5; n++) t.match(fieldsOf(await me(phone.access_token)), { policy: [['default', { q: 5, w: 900 }]], limit: [['default', { r: 4 - n }]] })
  t.equal(outcomeOf(await me(phone.access_token)), '429 rate_limited')
  t.equal(outcomeOf(await as(app, phone.access_token, 'GET', '/auth/sessions')), '429 rate_limited', 'on every route')
  t.equal(outcomeOf(await me(laptop.access_token)), '200', 'another session of the same user at the same address is not touched')

  for (let n = 0; n < 5; n++) await login(app, { email: freshAddress() })
  const refused = await login(app, { email: freshAddress() })
  t.equal(outcomeOf(refused), '429 rate_limited')
  t.match(fieldsOf(refused), { policy: [['default', { q: 5 }]] })
  t.equal(outcomeOf(await refresh(app, laptop.refresh_token)), '200', 'nobody who has a session suffers from what others do at its address')
  t.equal(outcomeOf(await as(app, laptop.access_token, 'POST', '/auth/logout')), '204')
  t.equal(outcomeOf(await send(app, 'POST', '/auth/logout')), '429 rate_limited', 'who has none does')

  const other = await start(t, deployment, { hasher: cheapHasher })
  t.equal(outcomeOf(await as(other, phone.access_token, 'GET', '/auth/me')), '200', 'each node counts for itself')
  app.clock.advance(15 * minute)
  t.equal(outcomeOf(await send(app, 'POST', '/auth/logout')), '204')
})

t.test('health, keys and check are never limited', async t => {
  const { app } = await limited(t, { RATE_LIMIT_GLOBAL: '3/15m' })
  const { access_token: token } = await signIn(app, await account(app))
  for (let n = 0; n < 10; n++) {
    for (const url of ['/health/live', '/health', '/.well-known/jwks.json']) {
      const answer = await app.inject({ url })
      t.equal(answer.statusCode, 200, url)
      t.notOk(answer.headers['ratelimit'])
    }
    t.equal((await as(app, token, 'GET', '/auth/check')).statusCode, 204)
  }
})

t.test('one caller is one /64 of IPv6, or one IPv4 address however it is written', async t => {
  const { app } = await limited(t, { RATE_LIMIT_LOGIN: '2/15m' })
  const from = async (ip: string) => (await login(app, { email: freshAddress() }, ip)).statusCode

  t.same([await from('2001:db8:1:2::1'), await from('2001:db8:1:2:ffff::9'), await from('2001:0DB8:0001:0002:aaaa:bbbb:cccc:dddd')], [401, 401, 429])
  t.equal(await from('2001:db8:1:3::1'), 401, 'the next /64')
  t.same([await from('198.51.100.1'), await from('::ffff:198.51.100.1'), await from('::FFFF:c633:6401')], [401, 401, 429])
  t.equal(await from('::ffff:198.51.100.2'), 401, 'another address is not lumped together with it')
  t.same([await from('fe80::1%eth0'), await from('fe80::1%eth1'), await from('fe80::2')], [401, 401, 429])
})

const forged: Record<string, string>[] = [
  { 'x-forwarded-for': '203.0.113.1' }, { 'x-forwarded-for': '203.0.113.2, 203.0.113.3' }, { 'x-forwarded-for': 'garbage, ::1' }, { forwarded: 'for=203.0.113.4' },
  { 'x-real-ip': '203.0.113.5' }, { 'cf-connecting-ip': '203.0.113.6' }, { 'true-client-ip': '203.0.113.7' }, { 'x-client-ip': '203.0.113.8' }, { 'x-forwarded-for': '' }
]

t.test('no header of a caller changes its address', async t => {
  const { app } = await limited(t, { RATE_LIMIT_LOGIN: '3/15m' })
  const codes: number[] = []
  for (const headers of forged) codes.push((await login(app, { email: freshAddress() }, '198.51.100.7', headers)).statusCode)
  t.same(codes, [401, 401, 401, ...Array(forged.length - 3).fill(429)])
})

t.test('behind a trusted proxy the address that the proxy adds counts, not those that the caller sends', async t => {
  const { app } = await limited(t, { RATE_LIMIT_LOGIN: '3/15m', TRUST_PROXY: '10.0.0.0/8' })
  const by = async (forwarded: string, proxy = '10.1.2.3', more = {}) =>
    (await login(app, { email: freshAddress() }, proxy, { 'x-forwarded-for': forwarded, ...more })).statusCode

  t.same([await by('198.51.100.7'), await by('203.0.113.1, 198.51.100.7'), await by('198.51.100.8, 10.9.9.9, 198.51.100.7, 10.2.2.2')], [401, 401, 401])
  t.equal(await by('203.0.113.9, 198.51.100.7'), 429, 'the last one that no proxy of ours is')
  t.equal(await by('198.51.100.7', '10.1.2.3', { forwarded: 'for=203.0.113.4', 'x-real-ip': '203.0.113.5' }), 429)
  t.equal(await by('198.51.100.8'), 401, 'each client of the proxy by itself')
  t.same([await by('x'), await by('y'), await by('z'), await by('w')], [401, 401, 401, 429], 'what is no address counts as the proxy')

  const direct: number[] = []
  for (const headers of forged) direct.push((await login(app, { email: freshAddress() }, '198.51.100.99', headers)).statusCode)
  t.same(direct, [401, 401, 401, ...Array(forged.length - 3).fill(429)], 'nobody else is believed')
})

t.test('after an outage of Postgres nobody has to wait', async t => {
  const { app, deployment } = await limited(t)
  const ada = await account(app)
  const { postgres, settings } = await ownPostgres(t, deployment.REDIS_URL)
  const own = await start(t, { ...deployment, ...settings }, { hasher: cheapHasher })
  await postgres.kill()
  for (let n = 0; n < 15; n++) t.equal(outcomeOf(await login(own, ada)), '503 unavailable')
  for (let n = 0; n < 5; n++) t.equal(outcomeOf(await register(own)), '503 unavailable')
  t.equal(outcomeOf(await login(app, ada)), '200')
  t.equal(outcomeOf(await register(app)), '201')
})

t.test('lifted limits leave no trace', async t => {
  const { app } = await limited(t, { RATE_LIMITS_ENABLED: 'false', RATE_LIMIT_LOGIN: '1/15m', RATE_LIMIT_GLOBAL: '1/15m', RATE_LIMIT_REFRESH: '1/15m', RATE_LIMIT_REGISTER: '1/15m' })
  const ada = await account(app)
  let { refresh_token: token } = await signIn(app, ada)
  for (let n = 0; n < 5; n++) {
    const answer = await refresh(app, token)
    t.match(answer, { statusCode: 200 })
    t.notOk(answer.headers['ratelimit'] ?? answer.headers['ratelimit-policy'])
    token = answer.json().refresh_token
    t.equal(outcomeOf(await register(app)), '201')
    t.equal(outcomeOf(await login(app, ada)), '200')
  }
})

t.test('without an answer from Redis nothing is unlimited, and the answer is 503, not 429', async t => {
  const server = await ownRedis(t)
  const { app } = await limited(t, { ...defaultDeadline, REDIS_URL: server.redisUrl }, { workers: false })
  const ada = await account(app)
  const tokens = await signIn(app, ada)
  const registrationId = (await register(app)).json().registration_id
  const acts: [string, () => Promise<Answer>][] = [
    ['login', () => login(app, ada)],
    ['login of a known device', () => login(app, { ...ada, device_token: ada.deviceToken })],
    ['register', () => register(app)],
    ['verify-email', () => send(app, 'POST', '/auth/verify-email', { registration_id: registrationId, code: '000000' })],
    ['resend', () => send(app, 'POST', '/auth/verify-email/resend', { registration_id: registrationId })],
    ['refresh', () => refresh(app, tokens.refresh_token)]
  ]

  for (const [name, fail, mend] of [['frozen', () => server.freeze(), () => server.thaw()], ['killed', () => server.kill(), () => server.start()]] as const) {
    await t.test(name, async t => {
      const before = await traces(app)
      await fail()
      for (const [act, ask] of acts) {
        const { answer, took } = await timed(ask)
        t.equal(outcomeOf(answer), '503 unavailable', act)
        t.match(answer.headers, { 'retry-after': /^\d+$/ })
        t.ok(took < 2000, `${act} within ${took} ms`)
      }
      t.match(await as(app, tokens.access_token, 'GET', '/auth/me'), { statusCode: 200 }, 'a session needs no Redis')
      t.match(await live(app), { statusCode: 200 })
      t.same(await traces(app), before, 'nothing was written and no mail is sent')

      await mend()
      await until(async () => await app.scripts.ping().then(() => true, () => false), 8000)
      t.equal(outcomeOf(await login(app, { ...ada, device_token: ada.deviceToken })), '200')
    })
  }
  t.match(await refresh(app, tokens.refresh_token), { statusCode: 200 })
})

t.test('mails to one address are limited: register and resend, from many addresses, in any spelling', async t => {
  const { app } = await limited(t, {}, { workers: false })
  const local = `ada.${randomUUID()}`
  const spellings = [`${local}@bücher.example`, `${local.toUpperCase()}@BÜCHER.example`, `${local}@xn--bcher-kva.example`, `${local}@Bu\u0308cher.example`]
  const answers = { register: new Set<string>(), resend: new Set<string>() }

  await Promise.all(Array.from({ length: 20 }, async (_, host) => {
    const ip = `203.0.113.${host}`
    for (let n = 0; n < 2; n++) {
      const registered = await register(app, { email: spellings[(host + n) % 4] }, ip)
      answers.register.add(faceOf(registered))
      for (let m = 0; m < 3; m++) answers.resend.add(faceOf(await send(app, 'POST', '/auth/verify-email/resend', { registration_id: registered.json().registration_id }, ip)))
    }
  }))
  t.equal((await mailJobs(app)).length, 10, 'ten mails out of 160')
  t.equal(answers.register.size, 1, 'the answers differ in nothing but what is left of their own limit')
  t.equal(answers.resend.size, 1)

  const other = await register(app, { email: freshAddress() }, '203.0.113.99')
  t.equal(other.statusCode, 201)
  t.equal((await mailJobs(app)).length, 11, 'another address is not touched')

  app.clock.advance(60 * minute)
  await register(app, { email: spellings[0] }, '203.0.113.200')
  t.equal((await mailJobs(app)).length, 12)
})

t.test('mails from one caller to one address are limited to three an hour, whatever the route', async t => {
  const { app } = await limited(t, {}, { workers: false })
  const email = freshAddress()
  const { registration_id: id } = (await register(app, { email })).json()
  for (let n = 0; n < 9; n++) t.equal(outcomeOf(await send(app, 'POST', '/auth/verify-email/resend', { registration_id: n % 2 ? id : id.toUpperCase() })), '202')
  t.equal(outcomeOf(await register(app, { email })), '201')
  t.equal((await mailJobs(app)).length, 3)

  t.equal(outcomeOf(await send(app, 'POST', '/auth/verify-email/resend', { registration_id: id }, '203.0.113.1')), '202')
  t.equal((await mailJobs(app)).length, 4, 'another client has its own')
})

t.test('known and unknown addresses are limited alike, and only a mailed code works', async t => {
  const { app, deployment } = await limited(t, { RATE_LIMIT_MAIL: '2/1h', RATE_LIMIT_REGISTER: '50/1h' })
  const ada = await account(app)
  const stranger = freshAddress()
  const ids: string[] = []
  for (let n = 0; n < 4; n++) {
    const [known, unknown] = [await register(app, { email: ada.email }), await register(app, { email: stranger })]
    t.equal(known.statusCode, unknown.statusCode)
    t.same(Object.keys(known.headers).sort(), Object.keys(unknown.headers).sort())
    ids.push(unknown.json().registration_id)
  }
  const mails = await sentMails(app, deployment.DATA_DIR)
  t.equal(mails.filter(({ to, kind }) => to === ada.email && kind === 'already_registered').length, 2)
  t.equal(mails.filter(({ to }) => to === stranger).length, 2)
  const confirm = async (id = '') =>
    outcomeOf(await send(app, 'POST', '/auth/verify-email', { registration_id: id, code: await codeOf(app, id) }))
  t.equal(await confirm(ids[3]), '422 token_invalid')
  t.equal(await confirm(ids[0]), '200')
})

t.test('unknown and known registrations cost a resend equal work', async t => {
  const { app } = await limited(t, {}, { workers: false })
  const { registration_id: id } = (await register(app)).json()
  const counted = async (registrationId: string) => {
    const jobs = (await mailJobs(app)).length
    await send(app, 'POST', '/auth/verify-email/resend', { registration_id: registrationId }, '203.0.113.5')
    return (await mailJobs(app)).length - jobs
  }
  const unknown = randomUUID()
  t.same([await counted(id), await counted(id), await counted(id), await counted(id)], [1, 1, 1, 0])
  t.same([
    await counted(unknown), await counted(unknown), await counted(unknown.toUpperCase()), await counted(unknown)
  ], [1, 1, 1, 0])
})

t.test('notices about past events are not counted', async t => {
  const { app, deployment } = await limited(t, { RATE_LIMIT_MAIL_ADDRESS: '1/1h', RATE_LIMIT_MAIL: '1/1h' })
  const ada = await account(app)
  for (let n = 0; n < 2; n++) {
    const { refresh_token: token } = await signIn(app, { ...ada, password }, { device_token: ada.deviceToken })
    await received(app, (await refresh(app, token)).json())
    app.clock.advance(2 * minute)
    t.equal(outcomeOf(await refresh(app, token)), '401 session_ended reuse_detected')
  }
  t.equal((await sentMails(app, deployment.DATA_DIR)).filter(({ kind }) => kind === 'reuse_detected').length, 2)
})

t.test('counts are stored in Redis under hashes, and only as long as they count', async t => {
  const { app, deployment } = await limited(t)
  const ada = await account(app)
  const { session, refresh_token: token } = await signIn(app, ada)
  await refresh(app, token)

  const redis = new Redis(deployment.REDIS_URL)
  t.teardown(() => redis.disconnect())
  const keys = await redis.keys(`${deployment.REDIS_KEY_PREFIX}*`)
  const limits = keys.filter(key => /limit:|:rotations$/.test(key))
  t.ok(limits.length >= 4)
  t.ok(limits.includes(`${deployment.REDIS_KEY_PREFIX}session:{${session.id}}:rotations`), 'in the slot of its session')
  for (const key of limits) {
    t.notMatch(key, new RegExp(`198\\.51|${ada.email.slice(4, 12)}`))
    const life = await redis.pttl(key)
    t.ok(life > 0 && life <= 60 * minute, `${key} lives for ${life} ms`)
  }
})

type Answer = Awaited<ReturnType<typeof send>>

/** A node with the limits of production, unless settings say otherwise, on a cheap hasher that counts. */
async function limited (t: Pick<Test, 'teardown'>, settings: Record<string, string> = {}, { workers = true } = {}) {
  const deployment = await deploy(t, { RATE_LIMITS_ENABLED: 'true', LOCKOUT_THRESHOLD: '100', HASH_QUEUE_MAX: '400', ...settings })
  const hasher = countingHasher()
  const app = await start(t, deployment, { hasher, clock: createClock(), workers })
  return { app, deployment, hasher }
}

async function send (app: FastifyInstance, method: 'POST', path: string, payload?: object, remoteAddress = '198.51.100.7', headers: Record<string, string> = {}) {
  return await app.inject({ method, url: api(path), remoteAddress, headers, ...(payload && { payload }) })
}

async function login (app: FastifyInstance, { email, device_token: deviceToken, transport }: { email: string, device_token?: string, transport?: 'cookie' }, ip?: string, headers?: Record<string, string>) {
  return await send(app, 'POST', '/auth/login', { email, password, ...(deviceToken !== undefined && { device_token: deviceToken }), ...(transport && { transport }) }, ip, headers)
}

async function register (app: FastifyInstance, fields: object = {}, ip?: string) {
  return await send(app, 'POST', '/auth/register', { email: freshAddress(), password, full_name: 'Ada King', ...fields }, ip)
}

/** A confirmed account, made from another address than the rest. */
async function account (app: FastifyInstance) {
  return await signUp(app)
}

const fieldsOf = ({ headers }: Answer) => ({ policy: parseList(headers['ratelimit-policy']), limit: parseList(headers['ratelimit']) })

function tally (answers: Answer[]) {
  const counts: Record<string, number> = {}
  for (const answer of answers) counts[outcomeOf(answer)] = (counts[outcomeOf(answer)] ?? 0) + 1
  return counts
}

/** The parts of an answer that must not differ: status, names of fields, shape of the body. */
function faceOf (answer: Answer) {
  const { date, 'x-request-id': _, ratelimit, ...headers } = answer.headers
  return JSON.stringify([answer.statusCode, headers, String(ratelimit).replace(/[rt]=\d+/g, ''), answer.body === '' ? '' : Object.keys(answer.json() ?? {})])
}

async function traces (app: FastifyInstance) {
  const [row] = await app.database`select (select count(*)::int from registrations) as registrations, (select count(*)::int from sessions) as sessions, (select count(*)::int from jobs) as jobs, (select count(*)::int from audit_events) as events`
  return row
}

async function hotRecord (app: FastifyInstance, id: string) {
  return await app.redis.get(`session:{${id}}`)
}
