import { randomUUID } from 'node:crypto'
import t from 'tap'
import { guarded } from '../../support/accounts/factors.ts'
import { countingHasher } from '../../support/hashers.ts'
import { as, deploy, freshAddress, password, post, refresh, signIn, signUp, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { tapWires } from '../../support/statements/wiretap.ts'
import { mailJobs, trail } from '../../support/trail/evidence.ts'

const hasher = countingHasher()
const { tap, deployment } = await tapWires(t, await deploy(t, { HASH_QUEUE_MAX: '400', LOCKOUT_THRESHOLD: '100' }))
const app = await start(t, deployment, { workers: false, hasher })
const other = await start(t, deployment, { workers: false, hasher, clock: app.clock })

t.test('the right password opens a session', async t => {
  const ada = await signUp(app)
  const answer = await post(app, '/auth/login', { email: ada.email, password, device_name: 'Ada’s phone' }, { 'user-agent': 'Quill/7.1' })

  t.equal(answer.statusCode, 200)
  const tokens: Tokens = answer.json()
  t.same(Object.keys(tokens).sort(), ['access_token', 'device_token', 'expires_in', 'refresh_expires_in', 'refresh_token', 'session', 'token_type', 'user'])
  t.same(Object.keys(tokens.session).sort(), ['expires_at', 'id'])
  t.match(tokens, { token_type: 'Bearer', expires_in: 900, user: { id: ada.user.id, email: ada.email, role: 'user', user_type: 'user', approval: 'not_required' } })
  t.ok(Math.abs(tokens.refresh_expires_in - 7 * 86_400) <= 1)
  t.ok(Math.abs(Date.parse(tokens.session.expires_at) - app.clock.now() - 30 * 86_400_000) < 10_000)
  t.equal(answer.headers['cache-control'], 'no-store')
  t.notOk(answer.headers['set-cookie'])
  for (const node of [app, other]) t.match(await as(node, tokens.access_token, 'GET', '/auth/check'), { statusCode: 204 })

  const [row] = await app.database`select last_login_at from users where id = ${ada.user.id}`
  t.ok(row && Object.values(row)[0])
  t.match((await trail(app, ada.user.id)).at(-1), { event: 'authn_login_success', outcome: 'success', actorId: ada.user.id, sessionId: tokens.session.id, read: { ip: '127.0.0.1', user_agent: 'Quill/7.1' } })
})

t.test('the access token has the claims of the contract and nothing personal', async t => {
  const ada = await signIn(app)
  const [header, claims] = ada.access_token.split('.').slice(0, 2).map(part => JSON.parse(Buffer.from(part, 'base64url').toString()))

  t.match(header, { typ: 'at+jwt', alg: /^(ES256|EdDSA)$/, kid: String })
  t.same(Object.keys(claims).sort(), ['acr', 'amr', 'aud', 'auth_time', 'client_id', 'epoch', 'exp', 'gen', 'iat', 'iss', 'jti', 'role', 'sid', 'sub', 'ver'])
  t.match(claims, { client_id: 'first-party', iss: 'http://localhost:3000', aud: 'http://localhost:3000', sub: ada.user.id, sid: ada.session.id, role: 'user', amr: ['pwd'], acr: 'urn:latchkey:acr:1fa' })
  t.equal(claims.exp - claims.iat, 900)
  t.notOk(JSON.stringify(claims).includes('@'))
})

t.test('a vendor user’s token carries the vendor', async t => {
  const vendor = await signUp(app, { user_type: 'vendor' })
  const [{ id } = { id: '' }] = await app.database<{ id: string }>`insert into vendors (name) values ('Quill and Sons') returning id`
  await app.database`update users set approval = 'approved', vendor_id = ${id}, version = version + 1 where id = ${vendor.user.id}`
  const tokens = await signIn(app, vendor)
  t.match(JSON.parse(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString()), { vendor_id: id, role: 'vendor' })
  t.match(tokens.user, { vendor_id: id, approval: 'approved' })

  await app.database`update vendors set status = 'suspended' where id = ${id}`
  t.match((await login(vendor.email)).json(), { status: 403, code: 'vendor_suspended' })
  t.match((await login(vendor.email, 'wrong password')).json(), { status: 401, code: 'invalid_credentials' })
})

t.test('an obstacle to signing in is revealed only after the right password', async t => {
  for (const [code, prepare] of Object.entries<(id: string) => Promise<unknown>>({
    approval_pending: id => app.database`update users set approval = 'pending' where id = ${id}`,
    approval_rejected: id => app.database`update users set approval = 'rejected' where id = ${id}`,
    account_disabled: id => app.database`update users set status = 'disabled' where id = ${id}`
  })) {
    const ada = await signUp(app)
    await prepare(ada.user.id)
    t.match((await login(ada.email)).json(), { status: 403, code })
    t.match((await login(ada.email, 'not the password')).json(), { status: 401, code: 'invalid_credentials' })
    t.equal((await app.database`select 1 from sessions where user_id = ${ada.user.id}`).length, 0)
    t.match((await trail(app, ada.user.id)).slice(-2), [{ event: 'authn_login_fail', reason: code }, { event: 'authn_login_fail', reason: 'invalid_credentials' }])
  }
})

t.test('an application accepts only its own user type', async t => {
  const ada = await signUp(app)
  t.match(await login(ada.email, password, { user_type: 'user' }), { statusCode: 200 })
  for (const type of ['vendor', 'staff', 'nobody']) {
    t.match((await login(ada.email, password, { user_type: type })).json(), { status: 403, code: 'wrong_user_type' }, type)
    t.match((await login(ada.email, 'not the password', { user_type: type })).json(), { status: 401, code: 'invalid_credentials' }, type)
  }
})

t.test('a wrong password, an unknown address and a disabled account get one answer and cost the same work', async t => {
  const [ada, bob, vendor] = [await signUp(app), await signUp(app), await signUp(app, { user_type: 'vendor' })]
  await app.database`update users set status = 'disabled' where id = ${bob.user.id}`
  const cleo = await signUp(app)
  await app.database`update users set password_hash = null where id = ${cleo.user.id}`
  const dora = await guarded(app)
  const pending = freshAddress()
  await post(app, '/auth/register', { email: pending, password, full_name: 'Ada' })

  const known = await measured(ada.email)
  t.match(known.work.hashes, { hashes: 0, verifications: 1 })
  t.match(known.answer, { status: 401, body: { code: 'invalid_credentials' } })
  const others = [bob.email, vendor.email, cleo.email, dora.email, freshAddress(), pending, ada.email.toUpperCase()]
  for (const email of others) {
    t.same(await measured(email), known, email)
  }
  t.match((await measured(pending, password)).answer, known.answer, 'an address that waits for its code, with its password')

  async function measured (email: string, attempt = 'not the password') {
    tap.take()
    hasher.take()
    const jobs = (await mailJobs(app)).length
    tap.take()
    const answer = await login(email, attempt)
    const work = { ...tap.take(), hashes: hasher.take() }
    const { request_id: _, ...body } = answer.json()
    const { date: __, 'x-request-id': ___, ...headers } = answer.headers
    return { answer: { status: answer.statusCode, headers, body }, work, jobs: (await mailJobs(app)).length - jobs }
  }
})

t.test('a try at an unknown address leaves an event without the address', async t => {
  const email = freshAddress()
  await login(email, 'not the password')
  await login(email.toUpperCase(), 'not the password')
  const rows = (await trail(app, null)).filter(row => row.event === 'authn_login_fail').slice(-2)

  t.match(rows, [{ reason: 'invalid_credentials', read: { ip: '127.0.0.1' } }, {}])
  t.equal(rows[0]?.addressHmac?.length, 32)
  t.ok(rows[0]?.addressHmac?.equals(rows[1]?.addressHmac ?? Buffer.alloc(0)), 'one address, one mark')
  const [stored] = await app.database<{ found: boolean }>`select bool_or(row_to_json(a)::text ilike ${`%${email}%`}) as found from audit_events a`
  t.equal(stored?.found, false)
})

t.test('every login makes a new session: no id that the caller sends is adopted', async t => {
  const ada = await signUp(app)
  const first = await signIn(app, ada)
  const second = (await login(ada.email, password, { device_token: first.refresh_token })).json()
  const third = (await login(ada.email, password, { device_token: 'A'.repeat(72) })).json()

  t.equal(new Set([first, second, third].map(tokens => tokens.session.id)).size, 3)
  t.equal(new Set([first, second, third].map(tokens => tokens.device_token)).size, 3)
  t.match(
    (await login(ada.email, password, { device_token: first.device_token })).json(),
    { device_token: first.device_token }
  )
  for (const extra of [{ session_id: randomUUID() }, { refresh_token: first.refresh_token }, { role: 'admin' }, { auth_time: 0 }]) t.match(await login(ada.email, password, extra), { statusCode: 422 })
})

t.test('one device can serve two accounts', async t => {
  const [ada, bob] = [await signUp(app), await signUp(app)]
  const { device_token: device } = await signIn(app, ada)
  t.equal((await signIn(app, bob, { device_token: device })).device_token, device)
  t.equal((await app.database`select 1 from known_devices where device_id = ${app.deviceTokens.read(device)}`).length, 2)
})

t.test('an account remembers ten devices; the least used is dropped', async t => {
  const ada = await signUp(app)
  const devices = [ada.deviceToken]
  for (let n = 0; n < 10; n++) {
    app.clock.advance(1000)
    devices.push((await signIn(app, ada)).device_token)
  }
  const known = await app.database<{ deviceId: string }>`select device_id from known_devices where user_id = ${ada.user.id}`
  t.same(
    new Set(known.map(({ deviceId }) => deviceId)),
    new Set(devices.slice(1).map(token => app.deviceTokens.read(token)))
  )
})

t.test('the owner is notified of a sign-in on a new device, once per device, but not of the very first', async t => {
  const ada = await signUp(app)
  const phone = await signIn(app, ada)
  t.strictSame(await newDeviceJobs(ada.user.id), [], 'a new user knows where they sign in first')

  const laptops = await Promise.all(Array.from({ length: 3 }, () => signIn(app, ada)))
  t.strictSame(
    (await newDeviceJobs(ada.user.id)).map(({ sessionId }) => sessionId).sort(),
    laptops.map(({ session }) => session.id).sort()
  )
  for (const { sessionId, eventId, ...rest } of await newDeviceJobs(ada.user.id)) {
    const [event] = await app.database`select event, session_id from audit_events where id = ${eventId}`
    t.strictSame(event, { event: 'authn_login_success', sessionId })
    t.strictSame(rest, { kind: 'new_device', userId: ada.user.id }, 'the job names ids only')
  }

  await signIn(app, ada, { device_token: phone.device_token })
  await post(app, '/auth/login', { email: ada.email, password: 'not the password' })
  t.equal((await newDeviceJobs(ada.user.id)).length, 3, 'neither of a device that is known nor of one that did not get in')

  async function newDeviceJobs (userId: string) {
    const jobs = await app.database<{ data: { kind: string, userId: string, sessionId: string, eventId: number } }>`select data from jobs where data->>'kind' = 'new_device' and data->>'userId' = ${userId}`
    return jobs.map(({ data }) => data)
  }
})

t.test('beyond SESSIONS_MAX the session that has been unused longest ends, not the one opened first', async t => {
  const few = await start(t, Object.assign({}, deployment, { SESSIONS_MAX: '3' }), { workers: false, hasher, clock: app.clock })
  const ada = await signUp(few)
  const sessions: Tokens[] = []
  for (let n = 0; n < 3; n++) {
    few.clock.advance(60_000)
    sessions.push(await signIn(few, ada))
  }
  few.clock.advance(16 * 60_000)
  const [first, second, third] = sessions
  // A node writes down what it has seen at the latest when it closes.
  const passing = await start(t, deployment, { workers: false, hasher, clock: app.clock })
  const used = (await refresh(passing, first?.refresh_token ?? '')).json()
  await passing.close()
  const fourth = await signIn(few, ada)

  t.match((await refresh(few, second?.refresh_token ?? '')).json(), { reason: 'evicted' })
  for (const tokens of [used, third, fourth]) t.match(await refresh(few, tokens?.refresh_token), { statusCode: 200 })
})

t.test('twenty logins at once beyond SESSIONS_MAX leave exactly SESSIONS_MAX sessions', async t => {
  const few = await start(t, Object.assign({}, deployment, { SESSIONS_MAX: '5' }), { workers: false, hasher, clock: app.clock })
  const ada = await signUp(few)
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(few, '/auth/login', { email: ada.email, password })))
  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
  t.equal((await app.database`select 1 from sessions where user_id = ${ada.user.id} and ended_at is null`).length, 5)
  const alive = await Promise.all(answers.map(answer => refresh(few, answer.json().refresh_token)))
  t.equal(alive.filter(({ statusCode }) => statusCode === 200).length, 5)
})

t.test('a hash with other parameters is replaced by the first successful login, not by a failed one', async t => {
  const ada = await signUp(app)
  const hash = async () => (await app.database<{ passwordHash: string }>`select password_hash from users where id = ${ada.user.id}`)[0]?.passwordHash ?? ''
  const weak = (await hash()).replace(/m=\d+,t=\d+/, 'm=7168,t=5')
  await app.database`update users set password_hash = ${weak} where id = ${ada.user.id}`

  await login(ada.email, 'not the password')
  t.equal(await hash(), weak)
  const tokens = await signIn(app, ada)
  t.match(await hash(), /\$m=19456,t=2,p=1\$/)
  const strong = await hash()
  t.match(await refresh(app, tokens.refresh_token), { statusCode: 200 }, 'the session of that login lives')
  await signIn(app, ada)
  t.equal(await hash(), strong, 'once')
})

t.test('twenty logins at once with an old hash all succeed', async t => {
  const ada = await signUp(app)
  await app.database`update users set password_hash = replace(password_hash, 'm=19456,t=2', 'm=7168,t=5') where id = ${ada.user.id}`
  const answers = await Promise.all(Array.from({ length: 20 }, (_, place) => post(place % 2 ? app : other, '/auth/login', { email: ada.email, password })))
  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
})

t.test('the whole password counts, byte by byte in its NFC form', async t => {
  const composed = 'h\u00e9rons \u00e0 la nage, d\u00e9j\u00e0 vu'
  const ada = await signUp(app, { password: composed })
  t.match(await login(ada.email, composed.normalize('NFD')), { statusCode: 200 }, 'NFD')
  for (const attempt of [`${composed} `, ` ${composed}`, composed.toUpperCase(), composed.slice(0, -1), composed.normalize('NFD').replaceAll(/\p{M}/gu, ''), `${composed}\t`]) {
    t.match(await login(ada.email, attempt), { statusCode: 401 }, JSON.stringify(attempt))
    t.match(await login(ada.email, composed), { statusCode: 200 })
  }
  const bob = await signUp(app, { password: 'ﬁne ﬁsh in ﬂat water' })
  t.match(await login(bob.email, 'fine fish in flat water'), { statusCode: 401 }, 'NFKC only')
  const cleo = await signUp(app, { password: `${'walk through wet leaves, '.repeat(4)}one` })
  t.match(await login(cleo.email, `${'walk through wet leaves, '.repeat(4)}two`), { statusCode: 401 }, 'equal in the first 72 bytes')
})

t.test('no password and no address causes a 500', async t => {
  const ada = await signUp(app)
  for (const attempt of ['nul \0 in it', '\ud83d', 'x'.repeat(1024), 'x'.repeat(1_000_000), '\u202e', '😀'.repeat(500), '$argon2id$v=19$m=4194304,t=99,p=16$c29tZXNhbHQ$AAAA']) {
    const answer = await login(ada.email, attempt)
    t.ok([400, 401, 413, 422].includes(answer.statusCode), `${answer.statusCode} ${JSON.stringify(attempt.slice(0, 20))}`)
  }
  for (const email of ['ada', 'a'.repeat(400), 'ada@example', 'ada@exam ple.com', '\0@b.example', '\ud83d@b.example', `${'a'.repeat(65)}@example.com`, '%@%.%', "' or 1=1 --@example.com"]) {
    const answer = await login(email)
    t.ok([400, 401, 422].includes(answer.statusCode), `${answer.statusCode} ${JSON.stringify(email.slice(0, 20))}`)
  }
  for (const [field, values] of Object.entries({ email: [undefined, null, '', 1, {}, ['a@b.example']], password: [undefined, null, '', 1, [], true], transport: [null, '', 'Bearer', 1], device_name: [null, '', 'a\nb', 'x'.repeat(201)], device_token: [null, '', 1], user_type: [null, '', 1] })) {
    for (const value of values) t.match((await post(app, '/auth/login', { email: ada.email, password, [field]: value })).json(), { status: 422, code: 'invalid_request', errors: [{ path: `/${field}` }] }, `${field} ${JSON.stringify(value)}`)
  }
})

t.test('a stored hash that cannot be read counts as a wrong password', async t => {
  const ada = await signUp(app)
  for (const stored of ['', 'x', '$argon2id$', '$2b$10$abcdefghijklmnopqrstuv', '$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4']) {
    await app.database`update users set password_hash = ${stored} where id = ${ada.user.id}`
    t.match((await login(ada.email)).json(), { status: 401, code: 'invalid_credentials' }, stored)
  }
})

t.test('must_change_password allows only me, logout and proving the password again', async t => {
  const ada = await signUp(app)
  await app.database`update users set must_change_password = true, version = version + 1 where id = ${ada.user.id}`
  const tokens = await signIn(app, ada)
  t.match(tokens.user, { must_change_password: true })
  t.match(JSON.parse(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString()), { must_change_password: true })

  t.match(await as(app, tokens.access_token, 'GET', '/auth/me'), { statusCode: 200 })
  for (const [method, path] of [['GET', '/auth/check'], ['GET', '/auth/sessions'], ['PATCH', '/auth/me'], ['DELETE', `/auth/sessions/${tokens.session.id}`], ['GET', '/auth/second-factors'], ['POST', '/auth/totp']] as const) {
    t.match((await as(app, tokens.access_token, method, path, method === 'PATCH' ? { locale: 'de' } : undefined)).json(), { status: 403, code: 'password_change_required' }, `${method} ${path}`)
  }
  t.match((await as(app, tokens.access_token, 'POST', '/auth/reauthenticate', { password })).json(), { user: { must_change_password: true } })
  const next = await signIn(app, ada)
  t.match(await refresh(app, next.refresh_token), { statusCode: 200 })
  t.match(await as(app, next.access_token, 'POST', '/auth/logout'), { statusCode: 204 })
})

async function login (email: string, attempt = password, fields: Record<string, unknown> = {}) {
  return await post(app, '/auth/login', { email, password: attempt, ...fields })
}
