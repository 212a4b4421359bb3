import t from 'tap'
import { codeAt, demand, guarded, nextStep } from '../../support/accounts/factors.ts'
import type { Guarded } from '../../support/accounts/factors.ts'
import { enter as enterByKey, holder } from '../../support/accounts/passkeys.ts'
import { brief } from '../../support/accounts/people.ts'
import { freshRole } from '../../support/accounts/roles.ts'
import { openBrowser } from '../../support/cookie-jar.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, freshAddress, password, post, refresh, signIn, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t, { ACCESS_TOKEN_TTL: '1h', DB_POOL_MAX: '20' })
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const daily = await start(t, Object.assign({}, deployment, { SECOND_FACTOR_MAX_AGE: '24h' }), { workers: false, hasher: cheapHasher, clock: app.clock })
const minute = 60_000
const day = 24 * 60 * minute
const stronger = { status: 401, code: 'reauthentication_required', acr_values: 'urn:latchkey:acr:2fa phr' }

t.test('the password alone moves nothing: it is answered with what else is due', async t => {
  const { tokens } = await stale()
  const answer = await prove(tokens, { password })

  t.match(answer.json(), { status: 401, code: 'mfa_required', mfa_token: String, expires_in: 300, methods: ['totp', 'recovery_code'] })
  t.match((await act(tokens)).json(), { code: 'reauthentication_required', acr_values: 'urn:latchkey:acr:2fa phr' })
  t.equal(claimsOf((await refresh(app, tokens.refresh_token)).json()).auth_time, claimsOf(tokens).auth_time)
})

t.test('both factors move auth_time, one after the other or at once', async t => {
  const { ada, tokens } = await stale()
  const { mfa_token: token } = (await prove(tokens, { password })).json()
  const answer = await prove(tokens, { mfa_token: token, code: codeAt(app, ada) })
  t.equal(answer.statusCode, 200, answer.body)
  const next: Tokens = answer.json()
  t.ok(claimsOf(next).auth_time - claimsOf(tokens).auth_time >= 660)
  t.match(claimsOf(next), { amr: ['pwd', 'otp', 'mfa'], acr: 'urn:latchkey:acr:2fa', sid: claimsOf(tokens).sid })
  t.match(await act(next), { statusCode: 202 })
  t.match((await trail(app, ada.user.id)).find(({ reason }) => reason === 'reauthenticated'), { event: 'authn_login_success', read: { method: 'totp' } })

  app.clock.advance(11 * minute)
  const again: Tokens = (await prove(next, { password, recovery_code: ada.recoveryCodes[0] })).json()
  t.match(await act(again), { statusCode: 202 })
})

t.test('a second factor alone moves nothing, however right it is, and is not used up', async t => {
  const { ada, tokens } = await stale()
  t.match((await prove(tokens, { code: codeAt(app, ada) })).json(), { status: 401, code: 'mfa_required', methods: ['password'] })
  t.match((await prove(tokens, { recovery_code: ada.recoveryCodes[0] })).json(), { code: 'mfa_required', methods: ['password'] })
  t.match((await act(tokens)).json(), { code: 'reauthentication_required' })
  t.match(await prove(tokens, { password, code: codeAt(app, ada) }), { statusCode: 200 })
})

t.test('within ten minutes of the password that opened the session the second factor alone suffices, once', async t => {
  const ada = await guarded(app)
  await app.database`update users set two_step = false where id = ${ada.user.id}`
  const tokens = await signIn(app, ada)
  app.clock.advance(10 * minute - 1000)
  t.match(brief(await prove(tokens, { code: '000000' })), { status: 401, code: 'invalid_credentials' })
  const answer = await prove(tokens, { code: codeAt(app, ada) })
  t.equal(answer.statusCode, 200, answer.body)
  const next: Tokens = answer.json()
  t.match(claimsOf(next), { amr: ['pwd', 'otp', 'mfa'], acr: 'urn:latchkey:acr:2fa', sid: claimsOf(tokens).sid })
  t.ok(claimsOf(next).auth_time - claimsOf(tokens).auth_time >= 590)

  app.clock.advance(minute)
  t.match((await prove(next, { code: codeAt(app, ada) })).json(), { code: 'mfa_required', methods: ['password'] }, 'the password is not recent any more')
  const late = await signIn(app, ada)
  app.clock.advance(10 * minute + 1000)
  t.match((await prove(late, { recovery_code: ada.recoveryCodes[0] })).json(), { code: 'mfa_required', methods: ['password'] })
  t.equal((await app.database`select 1 from recovery_codes where user_id = ${ada.user.id}`).length, 10)
})

t.test('one code at twenty requests at once moves the session once', async t => {
  const { ada, tokens } = await stale()
  const code = codeAt(app, ada)
  const { mfa_token: token } = (await prove(tokens, { password })).json()
  const answers = await Promise.all(Array.from({ length: 20 }, () => prove(tokens, { mfa_token: token, code })))
  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
})

t.test('a code that signed in does not prove anything again', async t => {
  const ada = await guarded(app)
  const code = codeAt(app, ada)
  const tokens = await enter(ada, code)
  t.match(brief(await prove(tokens, { password, code })), { status: 401, code: 'invalid_credentials' })
  nextStep(app)
  t.match(brief(await prove(tokens, { password, code })), { status: 401, code: 'invalid_credentials' })
})

t.test('the first step belongs to its session, and is no sign-in', async t => {
  const { ada, tokens } = await stale()
  nextStep(app)
  const elsewhere = await enter(ada, codeAt(app, ada))
  nextStep(app)
  const { mfa_token: token } = (await prove(tokens, { password })).json()
  t.match(brief(await prove(elsewhere, { mfa_token: token, code: codeAt(app, ada) })), { status: 422, code: 'token_invalid' })
  t.match(brief(await post(app, '/auth/login/second-factor', { mfa_token: token, code: codeAt(app, ada) })), { status: 422, code: 'token_invalid' })
  const { mfa_token: ofLogin } = (await post(app, '/auth/login', { email: ada.email, password })).json()
  t.match(brief(await prove(tokens, { mfa_token: ofLogin, code: codeAt(app, ada) })), { status: 422, code: 'token_invalid' })

  app.clock.advance(5 * minute)
  t.match(brief(await prove(tokens, { mfa_token: token, code: codeAt(app, ada) })), { status: 422, code: 'token_invalid' }, 'nor for longer than five minutes')
})

t.test('the first step is over when the other sessions of the account end', async t => {
  const { ada, tokens } = await stale()
  const { mfa_token: token } = (await prove(tokens, { password })).json()
  t.match(await as(app, tokens.access_token, 'POST', '/auth/logout', { scope: 'others' }), { statusCode: 204 })

  const next: Tokens = (await refresh(app, tokens.refresh_token)).json()
  nextStep(app)
  t.match(brief(await prove(next, { mfa_token: token, code: codeAt(app, ada) })), { status: 422, code: 'token_invalid' })
  t.match(await prove(next, { password, code: codeAt(app, ada) }), { statusCode: 200 }, 'and the code is not used up')
})

t.test('wrong codes in a session shut its own bucket only', async t => {
  const { ada, tokens } = await stale()
  for (let n = 0; n < 5; n++) t.match(brief(await prove(tokens, { password, code: '000000' })), { status: 401, code: 'invalid_credentials' })
  t.match(brief(await prove(tokens, { password, code: codeAt(app, ada) })), { status: 429, code: 'too_many_attempts' })
  t.match(await app.database`select strangers_failures from totp_secrets where user_id = ${ada.user.id}`, [{ strangersFailures: 0 }])
  t.ok(await enter(ada, codeAt(app, ada)))
  t.match((await prove(tokens, { password })).json(), { code: 'mfa_required' })
})

t.test('whoever knows the password guesses at codes no more often by opening further sessions', async t => {
  const ada = await guarded(app)
  const own = await enter(ada, codeAt(app, ada))
  await app.database`update users set two_step = false where id = ${ada.user.id}`
  for (let n = 0; n < 5; n++) {
    const guess = await prove(await signIn(app, { email: ada.email }), { password, code: '000000' })
    t.match(brief(guess), { status: 401, code: 'invalid_credentials' })
  }

  nextStep(app)
  t.match(brief(await prove(await signIn(app, { email: ada.email }), { password, code: codeAt(app, ada) })), { status: 429, code: 'too_many_attempts' })
  t.match(await app.database`select strangers_failures from totp_secrets where user_id = ${ada.user.id}`, [{ strangersFailures: 5 }])
  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_login_lock'), [{ reason: 'totp' }])
  const [known, proved] = [await signIn(app, { email: ada.email }, { device_token: own.device_token }), own]
  t.match(await prove(known, { password, code: codeAt(app, ada) }), { statusCode: 200 }, 'a device that has passed a second factor goes on')
  nextStep(app)
  t.match(await prove(proved, { password, code: codeAt(app, ada) }), { statusCode: 200 }, 'and so does a session that has')
})

t.test('a browser proves the second factor with the cookie of the first step', async t => {
  const ada = await guarded(app)
  const browser = openBrowser(app)
  await browser.send('POST', '/auth/login', { email: ada.email, password, transport: 'cookie' })
  t.match(await browser.send('POST', '/auth/login/second-factor', { code: codeAt(app, ada) }), { statusCode: 200 })
  app.clock.advance(11 * minute)
  await browser.send('POST', '/auth/refresh')

  const first = await browser.send('POST', '/auth/reauthenticate', { password })
  t.match(first.json(), { code: 'mfa_required', methods: ['totp', 'recovery_code'] })
  t.notOk('mfa_token' in first.json())
  t.match(await browser.send('POST', '/auth/reauthenticate', { code: codeAt(app, ada) }), { statusCode: 200 })
  t.notOk(browser.cookies.has('__Host-mfa'))
  t.match(await browser.send('POST', '/auth/email/change', { new_email: freshAddress() }), { statusCode: 202 })
})

t.test('a change of the password needs a session of both factors, and does not count as proving both', async t => {
  const { ada, tokens } = await stale()
  const changed = await as(app, tokens.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: 'seven quiet herons over reeds' })
  t.equal(changed.statusCode, 200)
  t.equal(claimsOf(changed.json()).auth_time, claimsOf(tokens).auth_time)
  t.match((await act(changed.json())).json(), { code: 'reauthentication_required' })

  await app.database`update sessions set amr = '{pwd}' where user_id = ${ada.user.id}`
  const weak: Tokens = (await refresh(app, changed.json().refresh_token)).json()
  t.match((await as(app, weak.access_token, 'POST', '/auth/password/change', { current_password: 'seven quiet herons over reeds', new_password: password })).json(), { status: 401, code: 'reauthentication_required', acr_values: 'urn:latchkey:acr:2fa phr' })
})

t.test('a change of the password reopens the codes of strangers, and a reset by mail does not', async t => {
  const { ada, tokens } = await stale()
  const failures = async () => (await app.database<{ strangersFailures: number }>`select strangers_failures from totp_secrets where user_id = ${ada.user.id}`)[0]?.strangersFailures
  await app.database`update totp_secrets set strangers_failures = 100 where user_id = ${ada.user.id}`
  await as(app, tokens.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: 'seven quiet herons over reeds' })
  t.equal(await failures(), 0)

  await app.database`update totp_secrets set strangers_failures = 100 where user_id = ${ada.user.id}`
  const token = await app.database.begin(async tx => app.oneTimeTokens.tokenOf('password_reset', await app.oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: ada.user.id })))
  t.match(await post(app, '/auth/password/reset', { token, new_password: 'nine slow barges under bridges' }), { statusCode: 200 })
  t.equal(await failures(), 100)
})

t.test('an account without a second factor is asked for its password only, and a code is none', async t => {
  const ada = await signIn(app)
  app.clock.advance(11 * minute)
  t.match(brief(await prove(ada, { password, code: '000000' })), { status: 401, code: 'invalid_credentials' })
  t.match((await prove(ada, { code: '000000' })).json(), { code: 'mfa_required', methods: ['password'] })
  const next: Tokens = (await prove(ada, { password })).json()
  t.match(claimsOf(next), { amr: ['pwd'], acr: 'urn:latchkey:acr:1fa' })
})

t.test('from SECOND_FACTOR_MAX_AGE after its proof on, a refresh gives one factor, until both are proved again', async t => {
  const ada = await guarded(app)
  const tokens = await enter(ada, codeAt(app, ada))
  app.clock.advance(day - minute)
  const before: Tokens = (await refresh(daily, tokens.refresh_token)).json()
  t.match(claimsOf(before), { amr: ['pwd', 'otp', 'mfa'], acr: 'urn:latchkey:acr:2fa' })

  app.clock.advance(2 * minute)
  const weak: Tokens = (await refresh(daily, before.refresh_token)).json()
  t.match(claimsOf(weak), { amr: ['pwd'], acr: 'urn:latchkey:acr:1fa', auth_time: claimsOf(tokens).auth_time, sid: claimsOf(tokens).sid })
  t.match((await as(daily, weak.access_token, 'GET', '/auth/sessions')).json(), { sessions: [{ amr: ['pwd'], acr: 'urn:latchkey:acr:1fa' }] })
  t.match((await as(daily, weak.access_token, 'GET', '/auth/check?acr=2fa')).json(), stronger)
  t.match(await as(daily, weak.access_token, 'GET', '/auth/me'), { statusCode: 200 }, 'the session goes on')
  t.match((await as(daily, weak.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: 'seven quiet herons over reeds' })).json(), stronger)
  t.match(await app.database`select amr from sessions where user_id = ${ada.user.id}`, [{ amr: ['pwd', 'otp', 'mfa'] }], 'how the user signed in stays on record')
  t.match(claimsOf((await refresh(app, weak.refresh_token)).json()), { acr: 'urn:latchkey:acr:2fa' }, 'it is the setting that decides')

  t.match((await as(daily, weak.access_token, 'POST', '/auth/reauthenticate', { password })).json(), { code: 'mfa_required' })
  const strong: Tokens = (await as(daily, weak.access_token, 'POST', '/auth/reauthenticate', { password, code: codeAt(app, ada) })).json()
  t.match(claimsOf((await refresh(daily, strong.refresh_token)).json()), { amr: ['pwd', 'otp', 'mfa'], acr: 'urn:latchkey:acr:2fa' })
})

t.test('that holds for a browser, for a passkey, and leaves a sign-in by the password as it was', async t => {
  const [ada, bob, eve] = [await guarded(app), await holder(app), await signIn(app)]
  const browser = openBrowser(app)
  await browser.send('POST', '/auth/login', { email: ada.email, password, transport: 'cookie' })
  t.match(await browser.send('POST', '/auth/login/second-factor', { code: codeAt(app, ada) }), { statusCode: 200 })
  const byKey: Tokens = (await enterByKey(app, bob)).json()
  t.match(claimsOf(byKey), { acr: 'phr' })

  app.clock.advance(day + minute)
  t.match(await browser.send('POST', '/auth/refresh', undefined, { node: daily }), { statusCode: 200 })
  t.match((await browser.send('GET', '/auth/check?acr=2fa', undefined, { node: daily })).json(), stronger)
  t.match((await browser.send('GET', '/auth/check', undefined, { node: daily })).headers, { 'x-auth-acr': 'urn:latchkey:acr:1fa' })
  t.match(claimsOf((await refresh(daily, byKey.refresh_token)).json()), { amr: ['pop', 'user'], acr: 'urn:latchkey:acr:1fa' })
  t.match(claimsOf((await refresh(daily, eve.refresh_token)).json()), { amr: ['pwd'], acr: 'urn:latchkey:acr:1fa' })
})

t.test('where the role demands two factors, such a session can do nothing before both are proved again', async t => {
  const role = freshRole()
  await app.database`insert into roles (name, rank, user_type) values (${role}, 30, 'staff')`
  await demand(app, role)
  await daily.roles.reload()
  const ada = await guarded(app, { role })
  const tokens = await enter(ada, codeAt(app, ada))
  app.clock.advance(day + minute)
  const weak: Tokens = (await refresh(daily, tokens.refresh_token)).json()

  t.notOk('must_enroll_second_factor' in claimsOf(weak), 'a factor that is there is proved, not added')
  for (const path of ['/auth/sessions', '/auth/check']) t.match((await as(daily, weak.access_token, 'GET', path)).json(), stronger, path)
  t.match(await as(daily, weak.access_token, 'GET', '/auth/me'), { statusCode: 200 })
  t.match((await as(daily, weak.access_token, 'POST', '/auth/totp')).json(), { code: 'reauthentication_required' }, 'not even add another factor')
  const strong: Tokens = (await as(daily, weak.access_token, 'POST', '/auth/reauthenticate', { password, code: codeAt(app, ada) })).json()
  t.match(await as(daily, strong.access_token, 'GET', '/auth/sessions'), { statusCode: 200 })
})

/** A session of an account with two steps whose sign-in is not recent any more. */
async function stale () {
  const ada = await guarded(app)
  const tokens = await enter(ada, codeAt(app, ada))
  app.clock.advance(11 * minute)
  return { ada, tokens }
}

async function enter (ada: Guarded, code: string): Promise<Tokens> {
  const { mfa_token: token } = (await post(app, '/auth/login', { email: ada.email, password })).json()
  const answer = await post(app, '/auth/login/second-factor', { mfa_token: token, code })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}

async function prove ({ access_token: token }: Pick<Tokens, 'access_token'>, proof: object) {
  return await as(app, token, 'POST', '/auth/reauthenticate', proof)
}

/** An act that needs a recent sign-in. */
async function act ({ access_token: token }: Tokens) {
  return await as(app, token, 'POST', '/auth/email/change', { new_email: freshAddress() })
}

function claimsOf ({ access_token: token }: Pick<Tokens, 'access_token'>) {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}
