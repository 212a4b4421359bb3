import t from 'tap'
import { disable } from '../../support/accounts/people.ts'
import { pausingHasher } from '../../support/hashers.ts'
import { as, deploy, password, received, refresh, signIn, signUp, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'

const hasher = pausingHasher()
const app = await start(t, await deploy(t, { DB_POOL_MAX: '3', LOCKOUT_THRESHOLD: '100' }), { workers: false, hasher })
const caller = { ip: '127.0.0.1', userAgent: null, requestId: 'test' }

t.test('the right password moves auth_time, rotates the tokens and keeps the session', async t => {
  const ada = await signIn(app)
  app.clock.advance(5 * 60_000)
  const answer = await reauthenticate(ada)

  t.equal(answer.statusCode, 200)
  const next: Tokens = answer.json()
  t.same(Object.keys(next).sort(), Object.keys(ada).sort())
  t.same(next.session, ada.session)
  t.not(next.refresh_token, ada.refresh_token)
  t.ok(claimsOf(next).auth_time - claimsOf(ada).auth_time >= 299)
  t.match(await as(app, next.access_token, 'GET', '/auth/check'), { statusCode: 204 })
  t.match(await as(app, ada.access_token, 'GET', '/auth/check'), { statusCode: 204 })
  t.match((await trail(app, ada.user.id)).at(-1), { event: 'authn_login_success', reason: 'reauthenticated', sessionId: ada.session.id })
})

t.test('the older refresh token is superseded: forgiven within the grace, a replay afterwards', async t => {
  const ada = await signIn(app)
  const next = (await reauthenticate(ada)).json()
  t.equal((await refresh(app, ada.refresh_token)).json().refresh_token, next.refresh_token)
  await received(app, next)
  app.clock.advance(31_000)
  t.match((await refresh(app, ada.refresh_token)).json(), { reason: 'reuse_detected' })
})

t.test('auth_time survives refreshes and a Redis that loses its data', async t => {
  const ada = await signIn(app)
  app.clock.advance(60_000)
  const next = (await reauthenticate(ada)).json()
  app.clock.advance(60_000)
  await forget(ada.session.id)
  const later = (await refresh(app, next.refresh_token)).json()
  t.equal(claimsOf(later).auth_time, claimsOf(next).auth_time)
})

t.test('without a hot record, the new generation is above all that were issued before', async t => {
  const ada = await signIn(app)
  const second = (await refresh(app, ada.refresh_token)).json()
  await forget(ada.session.id)
  const next = (await reauthenticate(second)).json()
  t.match(await refresh(app, next.refresh_token), { statusCode: 200 })
  app.clock.advance(31_000)
  t.match((await refresh(app, second.refresh_token)).json(), { reason: 'reuse_detected' })
})

t.test('a wrong password changes nothing and leaves an event', async t => {
  const ada = await signIn(app)
  const answer = await reauthenticate(ada, 'not the password')
  t.match(answer.json(), { status: 401, code: 'invalid_credentials' })
  t.notOk(answer.json().reason)
  t.match((await trail(app, ada.user.id)).at(-1), { event: 'authn_login_fail', outcome: 'failure', reason: 'invalid_credentials' })
  t.match(await refresh(app, ada.refresh_token), { statusCode: 200 })
  t.match(await as(app, ada.access_token, 'GET', '/auth/check'), { statusCode: 204 })
})

t.test('entering the password never moves the absolute end', async t => {
  const ada = await signIn(app)
  app.clock.advance(10 * 60_000)
  const next: Tokens = (await reauthenticate(ada)).json()
  t.equal(next.session.expires_at, ada.session.expires_at)
})

t.test('an ended session stays ended, whatever the password', async t => {
  const [ada, bob] = [await signIn(app), await signIn(app)]
  await as(app, ada.access_token, 'POST', '/auth/logout')
  t.match((await reauthenticate(ada)).json(), { status: 401, code: 'session_ended', reason: 'signed_out' })
  await disable(app, bob.user.id)
  t.match((await reauthenticate(bob)).json(), { code: 'session_ended', reason: 'account_disabled' })
})

t.test('a logout during the check of the password wins', async t => {
  const ada = await signUp(app)
  for (let n = 0; n < 20; n++) {
    const tokens = await signIn(app, ada)
    const [answer] = await Promise.all([reauthenticate(tokens), as(app, tokens.access_token, 'POST', '/auth/logout')])
    const last = answer.statusCode === 200 ? answer.json().refresh_token : tokens.refresh_token
    t.match((await refresh(app, last)).json(), { code: 'session_ended', reason: 'signed_out' })
  }
})

t.test('changes during the check of the password count, even with a single connection', async t => {
  const app = await start(t, await deploy(t, { DB_POOL_MAX: '1' }), { workers: false, hasher })
  const ada = await signUp(app)

  for (const [reason, end] of Object.entries<(tokens: Tokens) => Promise<unknown>>({
    signed_out: tokens => as(app, tokens.access_token, 'POST', '/auth/logout'),
    password_changed: async tokens => {
      const phone = await signIn(app, ada)
      await app.accounts.changePassword({ userId: phone.user.id, sessionId: phone.session.id }, { currentPassword: password, newPassword: 'seven quiet herons over reeds' }, caller)
      await app.accounts.changePassword({ userId: phone.user.id, sessionId: phone.session.id }, { currentPassword: 'seven quiet herons over reeds', newPassword: password }, caller)
      t.ok(tokens)
    },
    account_disabled: () => disable(app, ada.user.id)
  })) {
    const tokens = await signIn(app, ada)
    hasher.meanwhile = async () => { await end(tokens) }
    t.match((await as(app, tokens.access_token, 'POST', '/auth/reauthenticate', { password })).json(), { status: 401, code: 'session_ended', reason }, reason)
  }
})

t.test('a session that survives such a change is never told that it has ended', async t => {
  const ada = await signIn(app)
  hasher.meanwhile = async () => { await as(app, ada.access_token, 'POST', '/auth/logout', { scope: 'others' }) }
  const answer = await reauthenticate(ada)
  t.ok(answer.statusCode === 200 || answer.json().code === 'invalid_token', answer.body)
  const next = (await refresh(app, ada.refresh_token)).json()
  t.match(await as(app, next.access_token, 'GET', '/auth/check'), { statusCode: 204 })
  t.match(await reauthenticate(next), { statusCode: 200 })
})

t.test('a caller who is not signed in is told so first; an invalid password field is refused', async t => {
  t.match((await app.inject({ method: 'POST', url: '/api/v1/auth/reauthenticate', payload: { password } })).json(), { status: 401, code: 'unauthenticated' })
  t.match((await app.inject({ method: 'POST', url: '/api/v1/auth/reauthenticate', payload: { pass: 1 } })).json(), { status: 401, code: 'unauthenticated' })
  const ada = await signIn(app)
  for (const body of [{}, { password: '' }, { password: 1 }, { password: null }, { password: [password] }, { password, user_id: ada.user.id }, { password, auth_time: 1 }]) {
    t.match((await as(app, ada.access_token, 'POST', '/auth/reauthenticate', body)).json(), { status: 422, code: 'invalid_request' }, JSON.stringify(body))
  }
  for (const attempt of ['nul \0 in it', '\ud83d', 'x'.repeat(1024), 'x'.repeat(100_000)]) t.ok([400, 401, 413, 422].includes((await reauthenticate(ada, attempt)).statusCode))
})

async function reauthenticate ({ access_token: token }: Pick<Tokens, 'access_token'>, attempt = password) {
  return await as(app, token, 'POST', '/auth/reauthenticate', { password: attempt })
}

function claimsOf ({ access_token: token }: Tokens) {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { auth_time: number }
}

async function forget (sessionId: string) {
  if (await app.redis.del(`session:{${sessionId}}`) !== 1) throw new Error('there was no record')
}
