import t from 'tap'
import type { Test } from 'tap'
import { createChangeStore } from '../../../lib/changes/change-store.ts'
import { createClock } from '../../../lib/clock.ts'
import { disable } from '../../support/accounts/people.ts'
import { cheapHasher, pausingHasher } from '../../support/hashers.ts'
import { api, as, deploy, password, post, refresh, signIn, signUp, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { mailJobs, trail } from '../../support/trail/evidence.ts'

const newPassword = 'seven quiet herons over reeds'
const page = { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-origin' }
const clock = createClock()
const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher, clock })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock })

t.test('with the current password a new one is set, and this session gets new tokens', async t => {
  const ada = await signUp(app)
  const phone = await signIn(app, ada)
  clock.advance(60_000)
  const answer = await change(phone)

  t.equal(answer.statusCode, 200)
  const next: Tokens = answer.json()
  t.same(Object.keys(next).sort(), Object.keys(phone).sort())
  t.same(next.session, phone.session, 'the same session, with the same end')
  t.equal(next.device_token, phone.device_token)
  t.notOk(answer.headers['set-cookie'])
  t.ok(claimsOf(next).auth_time - claimsOf(phone).auth_time >= 59)
  for (const node of [app, other]) t.match(await as(node, next.access_token, 'GET', '/auth/me'), { statusCode: 200 })
  t.match(await refresh(app, next.refresh_token), { statusCode: 200 })

  t.match(await post(other, '/auth/login', { email: ada.email, password }), { statusCode: 401 })
  t.match(await post(other, '/auth/login', { email: ada.email, password: newPassword }), { statusCode: 200 })
})

t.test('every other session ends, at once here and on the other node after its next read; this one loses only its older tokens', async t => {
  const ada = await signUp(app)
  const [phone, laptop, tablet] = [await signIn(app, ada), await signIn(other, ada), await signIn(app, ada)]
  const eve = await signIn(app)
  const next: Tokens = (await change(phone)).json()
  await other.feed.read()

  for (const node of [app, other]) {
    for (const { access_token: access, refresh_token: token } of [laptop, tablet]) {
      t.match((await as(node, access, 'GET', '/auth/me')).json(), { status: 401, code: 'session_ended', reason: 'password_changed' })
      t.match((await refresh(node, token)).json(), { status: 401, code: 'session_ended', reason: 'password_changed' })
    }
    t.match((await as(node, phone.access_token, 'GET', '/auth/me')).json(), { status: 401, code: 'invalid_token' }, 'refresh, then go on')
  }
  t.equal((await refresh(app, phone.refresh_token)).json().refresh_token, next.refresh_token, 'an older refresh token is a retry')
  t.match((await as(app, next.access_token, 'GET', '/auth/sessions')).json(), { sessions: [{ id: phone.session.id, current: true }] })
  t.match(await as(app, eve.access_token, 'GET', '/auth/me'), { statusCode: 200 }, 'nobody else’s')
})

t.test('a browser gets its new tokens as cookies, and never in the body', async t => {
  const ada = await signUp(app)
  const login = await post(app, '/auth/login', { email: ada.email, password, transport: 'cookie' }, page)
  const jar = cookiesOf(login)
  const body = { current_password: password, new_password: newPassword }
  for (const headers of [{}, { origin: 'https://evil.example' }, { 'sec-fetch-site': 'same-site' }]) {
    t.match((await post(app, '/auth/password/change', body, { ...headers, cookie: jar })).json(), { status: 403, code: 'csrf' })
  }
  const answer = await post(app, '/auth/password/change', body, { ...page, cookie: jar })

  t.equal(answer.statusCode, 200)
  t.same(Object.keys(answer.json()).sort(), ['expires_in', 'refresh_expires_in', 'session', 'user'])
  t.same([answer.headers['set-cookie']].flat().map(text => String(text).split('=')[0]).sort(), ['__Host-access', '__Host-device', '__Host-refresh'])
  t.match(await app.inject({ url: api('/auth/me'), headers: { cookie: cookiesOf(answer) } }), { statusCode: 200 })
  t.match(await post(app, '/auth/login', { email: ada.email, password: newPassword }), { statusCode: 200 })
})

t.test('a wrong current password changes nothing and leaves an event', async t => {
  const ada = await signUp(app)
  const [phone, laptop] = [await signIn(app, ada), await signIn(app, ada)]
  const before = await account(ada.user.id)
  const jobs = (await mailJobs(app)).length
  for (const attempt of ['not the password', password.toUpperCase(), `${password} `, newPassword]) {
    t.match((await change(phone, { current: attempt })).json(), { status: 401, code: 'invalid_credentials' })
  }
  t.same(await account(ada.user.id), before)
  t.equal((await mailJobs(app)).length, jobs)
  t.match((await trail(app, ada.user.id)).at(-1), { event: 'authn_password_change_fail', outcome: 'failure', reason: 'invalid_credentials', sessionId: phone.session.id })
  for (const { access_token: token } of [phone, laptop]) t.match(await as(app, token, 'GET', '/auth/check'), { statusCode: 204 })
})

t.test('five wrong passwords lock the bucket of this session, and no other', async t => {
  const ada = await signUp(app)
  const [phone, laptop] = [await signIn(app, ada), await signIn(app, ada)]
  for (let n = 0; n < 5; n++) t.match(await change(phone, { current: `guess ${n}`, by: n % 2 ? app : other }), { statusCode: 401 })
  const refused = await change(phone)
  t.match(refused.json(), { status: 429, code: 'too_many_attempts' })
  t.equal(refused.headers['retry-after'], '1800')
  t.match(await as(app, phone.access_token, 'POST', '/auth/reauthenticate', { password }), { statusCode: 429 }, 'it is one bucket')

  t.match(await post(app, '/auth/login', { email: ada.email, password }), { statusCode: 200 }, 'nobody else is shut out')
  t.match(await as(app, phone.access_token, 'GET', '/auth/me'), { statusCode: 200 })
  t.match(await change(laptop), { statusCode: 200 })
})

t.test('of a hundred guesses at once five are checked', async t => {
  const phone = await signIn(app)
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => change(phone, { current: `guess ${n}`, by: n % 2 ? app : other })))
  t.equal(answers.filter(({ statusCode }) => statusCode === 401).length, 5)
  t.equal(answers.filter(({ statusCode }) => statusCode === 429).length, 95)
})

t.test('the rules are those of registration, and the new password must differ from the old one', async t => {
  const ada = await signUp(app)
  const phone = await signIn(app, ada)
  const before = await account(ada.user.id)
  const local = ada.email.split('@')[0] ?? ''
  for (const [attempt, code] of [['short', 'too_short'], ['x'.repeat(129), 'too_long'], ['password', 'blocklisted'], [`${local}1`, 'context_word'], ['ada king', 'context_word'], ['aaaaaaaaaaaa', 'guessable'], [password, 'unchanged']] as const) {
    const answer = await change(phone, { to: attempt })
    t.match(answer.json(), { status: 422, code: 'password_rejected', errors: [{ path: '/new_password', message: String }] }, attempt.slice(0, 20))
    t.ok(answer.json().errors.some((error: { code: string }) => error.code === code), `${attempt.slice(0, 20)}: ${code}`)
  }
  t.same(await account(ada.user.id), before)
  t.match(await change(phone, { to: `${password}s` }), { statusCode: 200 })
})

t.test('the same password in other code points counts as the same', async t => {
  const composed = 'vier längliche Möhren gefällig'.normalize('NFC')
  const ada = await signUp(app, { password: composed })
  const phone = await signIn(app, { email: ada.email, password: composed })
  t.match((await change(phone, { current: composed.normalize('NFD'), to: composed })).json(), { code: 'password_rejected', errors: [{ code: 'unchanged' }] })
  t.match((await change(phone, { current: composed, to: composed.normalize('NFD') })).json(), { code: 'password_rejected', errors: [{ code: 'unchanged' }] })
})

t.test('a caller who does not know the current password learns nothing about the new one', async t => {
  const phone = await signIn(app)
  for (const to of ['short', 'not the password']) t.match((await change(phone, { current: 'not the password', to })).json(), { status: 401, code: 'invalid_credentials' })
})

t.test('the owner is notified by mail, and the trail records the change without a secret', async t => {
  const ada = await signUp(app)
  const phone = await signIn(app, ada)
  await app.inject({ method: 'POST', url: api('/auth/password/change'), headers: { authorization: `Bearer ${phone.access_token}`, 'user-agent': 'Quill/7.1' }, payload: { current_password: password, new_password: newPassword } })

  const [row] = await app.database<{ id: number }>`select id from audit_events where subject_id = ${ada.user.id} and event = 'authn_password_change'`
  t.same((await mailJobs(app, 'password_changed')).filter(({ userId }) => userId === ada.user.id), [{ kind: 'password_changed', userId: ada.user.id, how: 'changed', eventId: row?.id }])
  t.match((await trail(app, ada.user.id)).at(-1), { event: 'authn_password_change', outcome: 'success', actorId: ada.user.id, sessionId: phone.session.id, read: { user_agent: 'Quill/7.1', ip: '127.0.0.1' } })
  const stored = await app.database<{ text: string }>`select row_to_json(a)::text as text from audit_events a union all select data::text from jobs`
  for (const secret of [password, newPassword]) t.notOk(stored.some(({ text }) => text.includes(secret)))
})

t.test('the account’s known devices stay known', async t => {
  const ada = await signUp(app)
  await change(await signIn(app, ada))
  for (let n = 0; n < 5; n++) await post(app, '/auth/login', { email: ada.email, password })
  t.match(await post(app, '/auth/login', { email: ada.email, password: newPassword }), { statusCode: 429 })
  t.match(await post(app, '/auth/login', { email: ada.email, password: newPassword, device_token: ada.deviceToken }), { statusCode: 200 })
})

t.test('of twenty changes at once, in one session or in many, one wins and its password works', async t => {
  for (const isOneSession of [true, false]) {
    const ada = await signUp(app)
    const length = isOneSession ? 1 : 20
    const sessions = await Promise.all(Array.from({ length }, (_, n) => signIn(n % 2 ? app : other, ada)))
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => change(sessions[n % sessions.length] ?? sessions[0], { to: `${newPassword} ${n}`, by: n % 2 ? app : other })))

    const winners = answers.flatMap(({ statusCode }, n) => statusCode === 200 ? [n] : [])
    t.equal(winners.length, 1)
    t.same(answers.filter(answer => ![200, 401, 429, 503].includes(answer.statusCode)).map(({ body }) => body), [])
    t.match(await post(app, '/auth/login', { email: ada.email, password: `${newPassword} ${winners[0]}`, device_token: ada.deviceToken }), { statusCode: 200 })
    t.match(await refresh(app, answers[winners[0] ?? 0]?.json().refresh_token), { statusCode: 200 })
    t.equal((await mailJobs(app, 'password_changed')).filter(({ userId }) => userId === ada.user.id).length, 1)
  }
})

t.test('a session that is signed out while its password is checked sets none', async t => {
  const slow = pausingHasher()
  const node = await start(t, deployment, { workers: false, hasher: slow, clock })
  const ada = await signUp(app)
  const [phone, tablet] = [await signIn(app, ada), await signIn(app, ada)]
  slow.meanwhile = async () => { await as(node, phone.access_token, 'POST', '/auth/logout') }
  const answer = await as(node, phone.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: newPassword })

  t.match(answer.json(), { status: 401, code: 'session_ended', reason: 'signed_out' })
  t.ok(await signIn(app, ada), 'the password is the old one')
  t.match(await refresh(app, tablet.refresh_token), { statusCode: 200 }, 'and the other sessions go on')
  t.notOk((await trail(app, ada.user.id)).some(({ event }) => event === 'authn_password_change'))
})

t.test('while a change is due nothing else is allowed, and afterwards everything is', async t => {
  const ada = await signUp(app)
  await app.database`update users set must_change_password = true where id = ${ada.user.id}`
  const login = await post(app, '/auth/login', { email: ada.email, password })
  t.equal(login.statusCode, 200)
  const tokens: Tokens = login.json()
  t.match(tokens.user, { must_change_password: true })

  await shutOut(t, tokens)
  const later: Tokens = (await refresh(app, tokens.refresh_token)).json()
  await shutOut(t, later)
  t.match((await change(later, { current: 'not the password' })).json(), { code: 'invalid_credentials' })
  t.match((await change(later, { to: password })).json(), { code: 'password_rejected' }, 'the old one again is no change')

  const next: Tokens = (await change(later)).json()
  t.match(next.user, { must_change_password: false })
  await letIn(t, next)
  t.match((await post(app, '/auth/login', { email: ada.email, password: newPassword })).json().user, { must_change_password: false })
})

t.test('a change that becomes due restricts running sessions on every node', async t => {
  const ada = await signUp(app)
  const tokens = await signIn(app, ada)
  const written = await app.database.begin(async tx => {
    const [row] = await tx<{ version: number }>`update users set must_change_password = true, version = version + 1 where id = ${ada.user.id} returning version`
    return await createChangeStore(app.database).append(tx, { kind: 'user_changed', subjectId: ada.user.id, number: row?.version ?? 0 })
  })
  app.feed.publish([written])
  await other.feed.read()
  await shutOut(t, tokens)
  const next: Tokens = (await change(tokens)).json()
  await other.feed.read()
  await letIn(t, next)
})

t.test('a user who must change the password may sign out instead', async t => {
  const ada = await signUp(app)
  await app.database`update users set must_change_password = true where id = ${ada.user.id}`
  const tokens = await signIn(app, ada)
  t.match(await as(app, tokens.access_token, 'POST', '/auth/logout'), { statusCode: 204 })
  t.match((await change(tokens)).json(), { status: 401, code: 'session_ended', reason: 'signed_out' })
})

t.test('a caller who is not signed in is told so first, and an ended session stays ended', async t => {
  const body = { current_password: password, new_password: newPassword }
  t.match((await post(app, '/auth/password/change', body)).json(), { status: 401, code: 'unauthenticated' })
  t.match((await post(app, '/auth/password/change', { x: 1 })).json(), { status: 401, code: 'unauthenticated' })
  t.match((await as(app, 'x', 'POST', '/auth/password/change', body)).json(), { status: 401, code: 'invalid_token' })
  const ada = await signUp(app)
  const tokens = await signIn(app, ada)
  await disable(app, ada.user.id)
  t.match((await change(tokens)).json(), { status: 401, code: 'session_ended', reason: 'account_disabled' })
})

t.test('a request without two valid passwords is refused and not counted', async t => {
  const phone = await signIn(app)
  const good = { current_password: password, new_password: newPassword }
  for (const body of [
    undefined, {}, { current_password: password }, { new_password: newPassword }, { ...good, current_password: '' }, { ...good, new_password: '' }, { ...good, current_password: null }, { ...good, new_password: 1 }, { ...good, current_password: [password] },
    { ...good, new_password: 'x'.repeat(1025) }, { ...good, user_id: phone.user.id }, { ...good, must_change_password: false }, { ...good, scope: 'none' }, { password, new_password: newPassword }
  ]) t.match((await as(app, phone.access_token, 'POST', '/auth/password/change', body)).json(), { status: 422, code: 'invalid_request' }, JSON.stringify(body)?.slice(0, 60))
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'] as const) t.equal((await as(app, phone.access_token, method, '/auth/password/change')).statusCode, 405)
  t.match(await change(phone), { statusCode: 200 })
})

async function change (
  session: Tokens | undefined,
  { current = password, to = newPassword, by = app }: { current?: string, to?: string, by?: typeof app } = {}
) {
  return await as(by, session?.access_token ?? '', 'POST', '/auth/password/change', { current_password: current, new_password: to })
}

/** The routes that need a session, and what they answer to a user who may use them. */
const routes: ['GET' | 'POST' | 'PATCH' | 'DELETE', string, number, object?][] = [
  ['GET', '/auth/sessions', 200], ['GET', '/auth/check', 204], ['PATCH', '/auth/me', 200, { full_name: 'Ada Lovelace' }], ['DELETE', '/auth/sessions/b4a1b0f6-6e9f-4f65-8c7c-5b1d7a3f5a10', 404]
]

/** The requests that would end the account or its session. */
const beyond: typeof routes = [['GET', '/auth/me/export', 200], ['DELETE', '/auth/me', 204], ['POST', '/auth/email/change', 202, { new_email: 'ada@example.net' }]]

async function shutOut (t: Pick<Test, 'match'>, { access_token: token }: Tokens) {
  for (const node of [app, other]) {
    for (const [method, path, , body] of [...routes, ...beyond]) {
      t.match((await as(node, token, method, path, body)).json(), { status: 403, code: 'password_change_required' }, `${method} ${path}`)
    }
    t.match((await as(node, token, 'GET', '/auth/me')).json(), { user: { must_change_password: true } })
  }
}

async function letIn (t: Pick<Test, 'match'>, { access_token: token }: Tokens) {
  for (const node of [app, other]) {
    for (const [method, path, statusCode, body] of routes) t.match(await as(node, token, method, path, body), { statusCode }, `${method} ${path}`)
  }
  t.match((await as(app, token, 'GET', '/auth/me')).json(), { user: { must_change_password: false } })
}

async function account (id: string) {
  return await app.database`select password_hash, session_epoch, version, must_change_password from users where id = ${id}`
}

function claimsOf ({ access_token: token }: Tokens) {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { auth_time: number }
}

function cookiesOf ({ headers }: { headers: Record<string, unknown> }) {
  return [headers['set-cookie']].flat().map(text => String(text).split(';')[0]).join('; ')
}
