import { randomBytes, randomUUID } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { createSecrets } from '../../../lib/crypto/secrets.ts'
import { createRefreshTokens } from '../../../lib/sessions/refresh-tokens.ts'
import { disable } from '../../support/accounts/people.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, password, post, received, refresh, signIn, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { tapWires } from '../../support/statements/wiretap.ts'
import { eventsOf, mailJobs, sentMails, trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

type Node = Awaited<ReturnType<typeof open>>

const { app, other, deployment } = await openTwo(t)

t.test('a refresh answers with a new pair of tokens that works on every node', async t => {
  const ada = await signIn(app)
  const next = await tokensOf(refresh(other, ada.refresh_token))

  t.not(next.refresh_token, ada.refresh_token)
  t.not(next.access_token, ada.access_token)
  t.same(next.session, ada.session, 'one session, one absolute end')
  t.same(next.user, ada.user)
  t.equal(next.device_token, ada.device_token)
  t.same(Object.keys(next).sort(), Object.keys(ada).sort())
  t.match(next, { token_type: 'Bearer', expires_in: 900 })
  for (const node of [app, other]) t.match(await as(node, next.access_token, 'GET', '/auth/check'), { statusCode: 204 })
  t.match(await refresh(app, next.refresh_token), { statusCode: 200 })
})

t.test('fifty requests at once with one token all get the one newest token', async t => {
  const ada = await signIn(app)
  const answers = await Promise.all(Array.from({ length: 50 }, (_, place) =>
    refresh(place % 2 ? app : other, ada.refresh_token)))

  t.same(answers.map(answer => answer.statusCode), Array(50).fill(200))
  const tokens = new Set(answers.map(answer => answer.json().refresh_token))
  t.equal(tokens.size, 1)
  t.notOk(tokens.has(ada.refresh_token))
  t.match(await refresh(app, String([...tokens][0])), { statusCode: 200 })
  t.notOk((await eventsOf(app, ada.user.id)).includes('authn_token_reuse'))
})

t.test('an outdated tab within the grace gets the newest token, however many generations behind', async t => {
  const ada = await signIn(app)
  const pairs = [ada]
  for (let generation = 1; generation <= 20; generation++) pairs.push(await tokensOf(refresh(app, pairs.at(-1)?.refresh_token ?? '')))

  const newest = pairs.at(-1)?.refresh_token
  for (const { refresh_token: stale } of pairs) {
    if (stale === newest) continue
    t.equal((await tokensOf(refresh(app, stale))).refresh_token, newest)
  }
  t.equal((await sessionsOf(app, ada.access_token)).length, 1, 'nothing rotated and nothing ended')
})

t.test('each superseded token has its own grace', async t => {
  const first = await signIn(app)
  const second = await tokensOf(refresh(app, first.refresh_token))
  app.clock.advance(20_000)
  const third = await tokensOf(refresh(app, second.refresh_token))
  app.clock.advance(20_000)

  t.equal((await tokensOf(refresh(app, second.refresh_token))).refresh_token, third.refresh_token, 'superseded 20 s ago')
  t.match((await refresh(app, first.refresh_token)).json(), { reason: 'reuse_detected' }, 'superseded 40 s ago')
})

t.test('after the grace a replay ends the session with all its tokens, on every node', async t => {
  const ada = await signIn(app)
  const elsewhere = await signIn(app, { email: ada.user.email })
  const next = await tokensOf(refresh(app, ada.refresh_token))
  await received(app, next)
  app.clock.advance(31_000)

  const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(app, ada.refresh_token)))
  for (const answer of answers) {
    t.equal(answer.statusCode, 401)
    t.match(answer.json(), { code: 'session_ended', reason: 'reuse_detected' })
    t.match(answer.headers['www-authenticate'], /^Bearer/)
  }

  for (const token of [ada.access_token, next.access_token]) await refused(t, app, token, 'reuse_detected')
  await until(async () => (await as(other, next.access_token, 'GET', '/auth/check')).statusCode === 401)
  await refused(t, other, next.access_token, 'reuse_detected')
  for (const node of [app, other]) t.match((await refresh(node, next.refresh_token)).json(), { reason: 'reuse_detected' })

  const rows = (await trail(app, ada.user.id)).filter(row => row.event === 'authn_token_reuse')
  t.equal(rows.length, 1, 'one row in the trail')
  t.match(rows, [{ outcome: 'failure', sessionId: ada.session.id, read: { ip: '127.0.0.1' } }])
  t.match(await reuseMails(ada), [{ kind: 'reuse_detected', userId: ada.user.id, sessionId: ada.session.id, eventId: Number }], 'one mail')
  t.equal((await reuseMails(ada)).length, 1)
  t.match(await refresh(app, elsewhere.refresh_token), { statusCode: 200 }, 'another session lives')
})

t.test('replays on two nodes at once notify the owner once', async t => {
  const ada = await signIn(app)
  await received(other, await tokensOf(refresh(app, ada.refresh_token)))
  app.clock.advance(31_000)

  await Promise.all(Array.from({ length: 20 }, (_, place) => refresh(place % 2 ? app : other, ada.refresh_token)))
  t.equal((await eventsOf(app, ada.user.id)).filter(event => event === 'authn_token_reuse').length, 1)
  t.equal((await reuseMails(ada)).length, 1)
})

t.test('the owner really gets one mail about a replay', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment, { hasher: cheapHasher })
  const ada = await signIn(app)
  await received(app, await tokensOf(refresh(app, ada.refresh_token)))
  app.clock.advance(31_000)
  await Promise.all(Array.from({ length: 5 }, () => refresh(app, ada.refresh_token)))

  const mails = (await sentMails(app, deployment.DATA_DIR)).filter(mail => mail.kind === 'reuse_detected')
  t.match(mails, [{ to: ada.user.email }])
  t.equal(mails.length, 1)
})

t.test('REFRESH_GRACE=0 forgives nothing', async t => {
  const app = await open(t, { REFRESH_GRACE: '0s', REFRESH_RESUME: 'false' })
  const ada = await signIn(app)
  const next = await tokensOf(refresh(app, ada.refresh_token))

  t.match((await refresh(app, ada.refresh_token)).json(), { code: 'session_ended', reason: 'reuse_detected' })
  t.match((await refresh(app, next.refresh_token)).json(), { reason: 'reuse_detected' })
})

t.test('with REFRESH_GRACE=0 and fifty requests at once at most one wins, and no token is issued twice', async t => {
  const app = await open(t, { REFRESH_GRACE: '0s', REFRESH_RESUME: 'false' })
  const ada = await signIn(app)
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(app, ada.refresh_token)))

  t.same(answers.filter(answer => ![200, 401].includes(answer.statusCode)), [])
  t.ok(answers.filter(answer => answer.statusCode === 200).length <= 1)
})

t.test('a rotation never moves the absolute end', async t => {
  const app = await open(t, { SESSION_TTL: '10d', REFRESH_TOKEN_TTL: '4d' })
  let tokens = await signIn(app)
  const { expires_at: end } = tokens.session
  t.ok([4 * 86_400, 4 * 86_400 - 1].includes(tokens.refresh_expires_in))

  for (const left of [4, 4, 4, 1]) {
    app.clock.advance(3 * 86_400_000)
    tokens = await tokensOf(refresh(app, tokens.refresh_token))
    t.equal(tokens.session.expires_at, end)
    if (left === 1) break
    t.ok(tokens.refresh_expires_in <= left * 86_400)
    if (Date.parse(end) - app.clock.now() < 3 * 86_400_000) break
  }
  t.ok(Math.abs(tokens.refresh_expires_in - 86_400) < 30, 'what is left of it, no more')
  app.clock.advance(86_400_000)
  t.match((await refresh(app, tokens.refresh_token)).json(), { code: 'session_ended', reason: 'expired' })
})

t.test('an access token never outlives the absolute end', async t => {
  const app = await open(t, { SESSION_TTL: '1h', REFRESH_TOKEN_TTL: '2h' })
  const ada = await signIn(app)
  app.clock.advance(55 * 60_000)
  const late = await tokensOf(refresh(app, ada.refresh_token))

  t.ok(late.expires_in <= 300 && late.expires_in > 270)
  t.ok(late.refresh_expires_in <= 300)
  app.clock.advance(5 * 60_000 + 1000)
  t.match((await refresh(app, late.refresh_token)).json(), { reason: 'expired' })
  t.equal((await as(app, late.access_token, 'GET', '/auth/check')).statusCode, 401)
})

t.test('an idle session ends, and using it prevents that', async t => {
  const ada = await signIn(app)
  app.clock.advance(6.9 * 86_400_000)
  const next = await tokensOf(refresh(app, ada.refresh_token))
  app.clock.advance(6.9 * 86_400_000)
  const after = await tokensOf(refresh(app, next.refresh_token))
  app.clock.advance(7 * 86_400_000 + 1000)

  t.match((await refresh(app, after.refresh_token)).json(), { code: 'session_ended', reason: 'idle' })
  t.match((await refresh(app, after.refresh_token)).json(), { reason: 'idle' }, 'the first cause counts')
})

t.test('the first cause of an end counts', async t => {
  const ada = await signIn(app)
  await post(app, '/auth/logout', { refresh_token: ada.refresh_token })
  await disable(app, ada.user.id)
  app.clock.advance(8 * 86_400_000)
  t.match((await refresh(app, ada.refresh_token)).json(), { reason: 'signed_out' }, 'idle later')
  app.clock.advance(30 * 86_400_000)
  t.match((await refresh(app, ada.refresh_token)).json(), { reason: 'signed_out' }, 'expired later')
})

t.test('a superseded token of an ended session answers with the reason of its end', async t => {
  const ada = await signIn(app)
  const next = await tokensOf(refresh(app, ada.refresh_token))
  await as(app, next.access_token, 'POST', '/auth/logout')
  app.clock.advance(31_000)

  t.match((await refresh(app, ada.refresh_token)).json(), { reason: 'signed_out' })
  t.same(await reuseMails(ada), [])
})

for (const [reason, end] of Object.entries<(app: Node, ada: Tokens) => Promise<unknown>>({
  signed_out: (app, ada) => as(app, ada.access_token, 'POST', '/auth/logout'),
  revoked_by_user: async (app, ada) => {
    const elsewhere = await signIn(app, { email: ada.user.email })
    await as(app, elsewhere.access_token, 'DELETE', `/auth/sessions/${ada.session.id}`)
  },
  account_disabled: (app, ada) => disable(app, ada.user.id),
  password_changed: async (app, ada) => {
    const elsewhere = await signIn(app, { email: ada.user.email })
    await app.accounts.changePassword({ userId: elsewhere.user.id, sessionId: elsewhere.session.id }, { currentPassword: password, newPassword: 'seven quiet herons over reeds' }, caller)
  },
  everyone_signed_out: app => app.accounts.signOutEveryone({ caller }),
  evicted: async (app, ada) => {
    for (let n = 0; n < 2; n++) { app.clock.advance(1000); await signIn(app, { email: ada.user.email }) }
  }
})) {
  t.test(`both kinds of token say ${reason}, on both nodes`, async t => {
    const { app, other } = await openTwo(t, { SESSIONS_MAX: '2' })
    const ada = await signIn(app)
    await end(app, ada)

    await refused(t, app, ada.access_token, reason)
    t.match((await refresh(app, ada.refresh_token)).json(), { code: 'session_ended', reason, status: 401 })
    t.match((await refresh(other, ada.refresh_token)).json(), { code: 'session_ended', reason })
    await until(async () => (await as(other, ada.access_token, 'GET', '/auth/check')).statusCode === 401)
    await refused(t, other, ada.access_token, reason)
  })
}

t.test('a token that was not signed here is refused without asking a store', async t => {
  const { tap, deployment } = await tapWires(t, await deploy(t))
  const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
  const ada = await signIn(app)
  const sealed = Buffer.from(ada.refresh_token, 'base64url')
  const sealing = (issuer: string, key = deployment.ENCRYPTION_KEY, transport: 'bearer' | 'cookie' = 'bearer') =>
    createRefreshTokens(createSecrets([Buffer.from(key, 'base64')]).derive(`refresh tokens of ${issuer}`))
      .issue({ transport, sessionId: ada.session.id, generation: 1, issuedAt: Date.now() })
  const withByte = (place: number, value: number) => { const bytes = Buffer.from(sealed); bytes[place] = value; return bytes.toString('base64url') }

  const forgeries: Record<string, string> = {
    'of the other transport': sealing(deployment.ISSUER_URL, deployment.ENCRYPTION_KEY, 'cookie'),
    'of another key': sealing(deployment.ISSUER_URL, randomBytes(32).toString('base64')),
    'of another issuer': sealing('http://localhost:3001'),
    truncated: ada.refresh_token.slice(0, -1),
    'truncated by a group': ada.refresh_token.slice(0, -4),
    extended: `${ada.refresh_token}A`,
    'extended by a group': `${ada.refresh_token}AAAA`,
    padded: `${ada.refresh_token}=`,
    'of another alphabet': sealed.toString('base64') === ada.refresh_token ? `${ada.refresh_token}+` : sealed.toString('base64'),
    'in hex': sealed.toString('hex'),
    'with a space': ` ${ada.refresh_token}`,
    'with a line break': `${ada.refresh_token}\n`,
    'of an unknown version': withByte(0, 2),
    'of no version': withByte(0, 0),
    'an access token': ada.access_token,
    'a device token': ada.device_token,
    'a session id': ada.session.id,
    nonsense: randomUUID()
  }
  for (let place = 0; place < sealed.length; place++) forgeries[`flipped at byte ${place}`] = withByte(place, (sealed[place] ?? 0) ^ (1 << (place % 8)))
  tap.take()

  for (const [what, token] of Object.entries(forgeries)) {
    const answer = await refresh(app, token)
    t.match(answer.json(), { status: 401, code: 'invalid_token' }, what)
    t.match(answer.headers['www-authenticate'], /^Bearer error="invalid_token"/, what)
    t.notOk(answer.json().reason)
  }
  t.same(tap.take(), { statements: [], commands: [] }, 'no store was touched')
  t.match(await refresh(app, ada.refresh_token), { statusCode: 200 }, 'and nothing was harmed')
})

t.test('a token signed with the right key is read; the cookie token of the same session is not', async t => {
  const { tap, deployment } = await tapWires(t, await deploy(t))
  const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
  const ada = await signIn(app)
  const tokens = createRefreshTokens(createSecrets([Buffer.from(deployment.ENCRYPTION_KEY, 'base64')]).derive(`refresh tokens of ${deployment.ISSUER_URL}`))
  const claims = tokens.read(ada.refresh_token)

  t.match(claims, { transport: 'bearer', sessionId: ada.session.id })
  if (!claims) return
  t.equal(tokens.issue(claims), ada.refresh_token, 'the same claims are the same bytes')
  tap.take()
  t.match((await refresh(app, tokens.issue({ ...claims, transport: 'cookie' }))).json(), { code: 'invalid_token' })
  t.same(tap.take(), { statements: [], commands: [] })
})

t.test('when keys rotate, listed ones verify, the first signs, and a retired one is refused without asking a store', async t => {
  const old = await deploy(t)
  const fresh = randomBytes(32).toString('base64')
  const before = await start(t, old, { workers: false, hasher: cheapHasher })
  const ada = await signIn(before)

  const between = await start(t, { ...old, ENCRYPTION_KEY: `${fresh},${old.ENCRYPTION_KEY}` }, { workers: false, hasher: cheapHasher })
  const moved = await tokensOf(refresh(between, ada.refresh_token))
  t.not(Buffer.from(moved.refresh_token, 'base64url').subarray(1, 5).toString('hex'), Buffer.from(ada.refresh_token, 'base64url').subarray(1, 5).toString('hex'))

  const { tap, deployment } = await tapWires(t, { ...old, ENCRYPTION_KEY: fresh })
  // Signing keys and subject keys are still encrypted under the old key; this test is not about them.
  const after = await start(t, deployment, { workers: false, hasher: cheapHasher }).catch(error => error)
  if (after instanceof Error) return t.comment(`a start without the old key: ${after.message}`)
  tap.take()
  t.match((await refresh(after, ada.refresh_token)).json(), { code: 'invalid_token' })
  t.same(tap.take(), { statements: [], commands: [] })
  t.match(await refresh(after, moved.refresh_token), { statusCode: 200 })
})

t.test('a retry within the grace is answered although its token has passed the idle end', async t => {
  const ada = await signIn(app)
  app.clock.advance(7 * 86_400_000 - 5000)
  const next = await tokensOf(refresh(app, ada.refresh_token))
  app.clock.advance(10_000)

  t.equal((await tokensOf(refresh(app, ada.refresh_token))).refresh_token, next.refresh_token)
})

t.test('a superseded token is a replay even when it is older than the idle end', async t => {
  const ada = await signIn(app)
  app.clock.advance(3 * 86_400_000)
  const next = await tokensOf(refresh(app, ada.refresh_token))
  await received(app, next)
  app.clock.advance(5 * 86_400_000)

  t.match((await refresh(app, ada.refresh_token)).json(), { reason: 'reuse_detected' })
  t.match((await refresh(app, next.refresh_token)).json(), { reason: 'reuse_detected' })
})

t.test('when Redis loses everything, the newest token continues, and no ended session comes back', async t => {
  const [ada, bob] = [await signIn(app), await signIn(app)]
  const next = await tokensOf(refresh(app, ada.refresh_token))
  await as(app, bob.access_token, 'POST', '/auth/logout')
  await flush(app)

  const after = await tokensOf(refresh(app, next.refresh_token))
  t.not(after.refresh_token, next.refresh_token)
  t.match((await refresh(app, bob.refresh_token)).json(), { reason: 'signed_out' })
  t.match((await as(app, bob.access_token, 'GET', '/auth/check')).json(), { reason: 'signed_out' })
})

t.test('a token that was rotated long before Redis lost its data is still a replay, by the floor', async t => {
  const ada = await signIn(app)
  let tokens = ada
  // A node writes down what it has seen at the latest when it closes.
  const passing = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
  for (let n = 0; n < 3; n++) {
    app.clock.advance(16 * 60_000)
    tokens = await tokensOf(refresh(passing, tokens.refresh_token))
  }
  await passing.close()
  await flush(app)

  t.match((await refresh(app, ada.refresh_token)).json(), { reason: 'reuse_detected' })
  t.match((await refresh(app, tokens.refresh_token)).json(), { reason: 'reuse_detected' })
})

t.test('a generation ahead of Redis continues and leaves an event', async t => {
  const ada = await signIn(app)
  const name = `session:{${ada.session.id}}`
  const older = await app.redis.get(name)
  const next = await tokensOf(refresh(app, (await tokensOf(refresh(app, ada.refresh_token))).refresh_token))
  await app.redis.set(name, String(older))

  t.match(await refresh(app, next.refresh_token), { statusCode: 200 })
  t.match((await trail(app, ada.user.id)).at(-1), { event: 'authn_token_anomaly', reason: 'fast_forward' })
})

t.test('a malformed refresh is refused', async t => {
  const ada = await signIn(app)
  const call = (payload?: object, headers = {}) => post(app, '/auth/refresh', payload, headers)

  t.match((await call()).json(), { status: 401, code: 'unauthenticated' })
  t.match((await call({})).json(), { status: 422, code: 'invalid_request' })
  for (const value of [null, 1, true, [ada.refresh_token], { token: ada.refresh_token }]) {
    t.match((await call({ refresh_token: value })).json(), { status: 422, code: 'invalid_request' }, JSON.stringify(value))
  }
  t.match((await call({ refresh_token: ada.refresh_token, role: 'admin' })).json(), { status: 422 })
  t.match((await app.inject({ method: 'POST', url: `/api/v1/auth/refresh?refresh_token=${ada.refresh_token}` })).json(), { status: 401 })
  t.match((await app.inject({ method: 'GET', url: `/api/v1/auth/refresh?refresh_token=${ada.refresh_token}` })).statusCode, 405)
  t.match(await refresh(app, ada.refresh_token), { statusCode: 200 }, 'none of it cost anything')
})

t.test('an access token never stands for a refresh token, nor the other way round', async t => {
  const ada = await signIn(app)

  t.match((await as(app, ada.refresh_token, 'GET', '/auth/check')).json(), { status: 401, code: 'invalid_token' })
  t.match((await refresh(app, ada.access_token)).json(), { status: 401, code: 'invalid_token' })
})

t.test('a role that was changed since is in the next tokens', async t => {
  const ada = await signIn(app)
  await app.database`update users set role = 'accountant', version = version + 1 where id = ${ada.user.id}`
  t.match(await tokensOf(refresh(app, ada.refresh_token)), { user: { role: 'accountant' } })
})

const caller = { ip: '127.0.0.1', userAgent: null, requestId: 'test' }

async function open (t: Test, settings: Record<string, string> = {}) {
  return await start(t, await deploy(t, settings), { workers: false, hasher: cheapHasher })
}

async function openTwo (t: Test, settings: Record<string, string> = {}) {
  const deployment = await deploy(t, settings)
  const clock = createClock()
  const [app, other] = await Promise.all([1, 2].map(() =>
    start(t, deployment, { workers: false, hasher: cheapHasher, clock })))
  if (!app || !other) throw new Error('two nodes')
  return { app, other, deployment }
}

async function tokensOf (answer: ReturnType<typeof refresh>): Promise<Tokens> {
  const { statusCode, body } = await answer
  if (statusCode !== 200) throw new Error(`refresh answered ${statusCode}: ${body}`)
  return JSON.parse(body)
}

async function reuseMails ({ user }: Tokens) {
  return (await mailJobs(app, 'reuse_detected')).filter(({ userId }) => userId === user.id)
}

async function sessionsOf (app: Node, token: string) {
  return (await as(app, token, 'GET', '/auth/sessions')).json().sessions as object[]
}

async function refused (t: Test, app: Node, token: string, reason: string) {
  const answer = await as(app, token, 'GET', '/auth/check')
  t.match(answer.json(), { status: 401, code: 'session_ended', reason })
  t.match(answer.headers['www-authenticate'], /^Bearer/)
}

/** The effect of FLUSHALL on this deployment alone, because it shares its Redis with other tests. */
async function flush (app: Node) {
  const prefix = String(app.redis.options.keyPrefix)
  const keys = await app.redis.keys(`${prefix}*`)
  if (keys.length) await app.redis.unlink(...keys.map(key => key.slice(prefix.length)))
}
