import { randomUUID } from 'node:crypto'
import t from 'tap'
import { addTotp, codeAt, fromBase32, guarded, nextStep } from '../../support/accounts/factors.ts'
import { brief, by, person } from '../../support/accounts/people.ts'
import { openBrowser } from '../../support/cookie-jar.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, password, post, refresh, signIn, signUp, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { mailJobs, trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t, { ACCESS_TOKEN_TTL: '1h', TOTP_ISSUER: 'Quill & Sons', DB_POOL_MAX: '20' })
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const minute = 60_000
const freely = { required: false, required_from: null, remembered_devices: 0 }
const none = { password: true, two_step: false, ...freely, totp: null, passkeys: [], recovery_codes: null }

t.test('the first authenticator app turns the second step on, and everything else ends', async t => {
  const { account, tokens, elsewhere } = await joined()
  t.strictSame((await as(app, tokens.access_token, 'GET', '/auth/second-factors')).json(), none)

  const begun = await as(app, tokens.access_token, 'POST', '/auth/totp')
  t.equal(begun.statusCode, 201)
  const { id, secret, uri, expires_in: seconds } = begun.json()
  t.match(secret, /^[A-Z2-7]{32}$/)
  t.equal(seconds, 600)
  t.equal(uri, `otpauth://totp/Quill%20%26%20Sons:${encodeURIComponent(account.email)}?secret=${secret}&issuer=Quill%20%26%20Sons&algorithm=SHA1&digits=6&period=30`)
  t.strictSame((await as(app, tokens.access_token, 'GET', '/auth/second-factors')).json(), none, 'it does not count yet')
  t.match(await post(app, '/auth/login', { email: account.email, password }), { statusCode: 200 })

  const ada = { secret: fromBase32(secret) }
  const code = codeAt(app, ada)
  const confirmed = await as(app, tokens.access_token, 'POST', `/auth/totp/${id}/confirm`, { code })
  t.equal(confirmed.statusCode, 200, confirmed.body)
  const next: Tokens & { recovery_codes: string[] } = confirmed.json()
  t.equal(new Set(next.recovery_codes).size, 10)
  t.match(claimsOf(next), { amr: ['pwd', 'otp', 'mfa'], acr: 'urn:latchkey:acr:2fa', sid: tokens.session.id })

  t.match((await refresh(app, elsewhere.refresh_token)).json(), { code: 'session_ended', reason: 'factors_changed' })
  t.match((await as(app, elsewhere.access_token, 'GET', '/auth/me')).json(), { code: 'session_ended', reason: 'factors_changed' })
  t.match((await as(app, tokens.access_token, 'GET', '/auth/me')).json(), { code: 'invalid_token' }, 'what the session held before is outdated')
  t.match(await as(app, next.access_token, 'GET', '/auth/check?acr=2fa'), { statusCode: 204 })
  t.match((await as(app, next.access_token, 'GET', '/auth/second-factors')).json(), { two_step: true, totp: { id }, recovery_codes: { left: 10 } })

  const pending = (await post(app, '/auth/login', { email: account.email, password })).json()
  t.match(pending, { code: 'mfa_required', methods: ['totp', 'recovery_code'] })
  t.match(brief(await post(app, '/auth/login/second-factor', { mfa_token: pending.mfa_token, code })), { code: 'invalid_credentials' }, 'the code that confirmed it is used up')
  t.match(await post(app, '/auth/login/second-factor', { mfa_token: pending.mfa_token, recovery_code: next.recovery_codes[3] }), { statusCode: 200 })

  t.match((await trail(app, account.user.id)).filter(({ event }) => event === 'authn_factor_added'), [{ reason: 'totp', actorId: account.user.id, sessionId: tokens.session.id, read: { ip: '127.0.0.1' } }])
  t.match(await mailsTo(account.user.id), ['second_factor_added', 'recovery_code_used'])
})

t.test('a wrong code confirms nothing, and one of another time says so', async t => {
  const { account, tokens } = await joined()
  const { id, secret } = (await as(app, tokens.access_token, 'POST', '/auth/totp')).json()
  const ada = { secret: fromBase32(secret) }

  t.match(brief(await confirm(tokens, id, '000000')), { status: 422, code: 'token_invalid' })
  t.notOk('errors' in (await confirm(tokens, id, '000000')).json())
  for (const steps of [-10, -2, 1, 10]) t.match((await confirm(tokens, id, codeAt(app, ada, steps))).json(), { status: 422, code: 'token_invalid', errors: [{ path: '/code', code: 'clock_off' }] }, String(steps))
  t.match(brief(await confirm(tokens, randomUUID(), codeAt(app, ada))), { status: 404 })
  for (const code of [codeAt(app, ada), '000000']) t.match(brief(await confirm((await joined()).tokens, id, code)), { status: 404 }, 'nor does anybody else’s session')
  t.strictSame((await as(app, tokens.access_token, 'GET', '/auth/second-factors')).json(), none)

  app.clock.advance(601_000)
  const later: Tokens = (await as(app, tokens.access_token, 'POST', '/auth/reauthenticate', { password })).json()
  t.match(brief(await confirm(later, id, codeAt(app, ada))), { status: 404 }, 'it waits ten minutes')
  t.strictSame(await mailsTo(account.user.id), [])
})

t.test('an app that is confirmed waits for no code, right or wrong', async t => {
  const { tokens } = await joined()
  const { answer, id, secret } = await addTotp(app, tokens.access_token)
  nextStep(app)
  for (const code of ['000000', codeAt(app, { secret })]) t.match(brief(await confirm(answer.json(), id, code)), { status: 404 }, code)
})

t.test('of many confirmations at once one counts', async t => {
  const { account, tokens } = await joined()
  const { id, secret } = (await as(app, tokens.access_token, 'POST', '/auth/totp')).json()
  const code = codeAt(app, { secret: fromBase32(secret) })
  const answers = await Promise.all(Array.from({ length: 10 }, () => confirm(tokens, id, code)))

  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  const { recovery_codes: codes } = answers.find(({ statusCode }) => statusCode === 200)?.json() ?? {}
  const { mfa_token: token } = (await post(app, '/auth/login', { email: account.email, password })).json()
  t.match(await post(app, '/auth/login/second-factor', { mfa_token: token, recovery_code: codes[0] }), { statusCode: 200 }, 'the codes that were told are those that count')
  t.strictSame(await mailsTo(account.user.id), ['second_factor_added', 'recovery_code_used'])
})

t.test('a new app that is never confirmed leaves the old one as it is; a confirmed one takes its place', async t => {
  const { ada, tokens } = await entered()
  await app.database`update totp_secrets set strangers_failures = 7 where user_id = ${ada.user.id}`
  const { id, secret } = (await as(app, tokens.access_token, 'POST', '/auth/totp')).json()
  const renewed = { ...ada, secret: fromBase32(secret) }
  nextStep(app)
  t.match(brief(await enter(ada, codeAt(app, renewed))), { code: 'invalid_credentials' }, 'the new one does not sign in')
  t.match(await enter(ada, codeAt(app, ada)), { statusCode: 200 })

  const next: Tokens = (await confirm(tokens, id, codeAt(app, renewed))).json()
  t.notOk('recovery_codes' in next, 'there were some')
  nextStep(app)
  t.match(brief(await enter(ada, codeAt(app, ada))), { code: 'invalid_credentials' }, 'the old one is gone')
  t.match(await enter(ada, codeAt(app, renewed)), { statusCode: 200 })
  t.match(await app.database`select strangers_failures from totp_secrets where user_id = ${ada.user.id}`, [{ strangersFailures: 9 }], 'a new secret goes on with the count')
})

t.test('whoever has the password alone touches no factor, and neither does a sign-in that is not recent', async t => {
  const { ada, tokens } = await entered()
  await app.database`update sessions set amr = '{pwd}' where user_id = ${ada.user.id}`
  const weak: Tokens = (await refresh(app, tokens.refresh_token)).json()
  const before = await stored(ada.user.id)
  for (const [method, path, body] of touching(ada.totpId)) {
    t.match((await as(app, weak.access_token, method, path, body)).json(), { status: 401, code: 'reauthentication_required', max_age: 600, acr_values: 'urn:latchkey:acr:2fa phr' }, `${method} ${path} by the password alone`)
  }
  const bob = await entered()
  app.clock.advance(11 * minute)
  for (const [method, path, body] of touching(bob.ada.totpId)) {
    t.match((await as(app, bob.tokens.access_token, method, path, body)).json(), { status: 401, code: 'reauthentication_required', max_age: 600, acr_values: 'urn:latchkey:acr:2fa phr' }, `${method} ${path} too late`)
  }
  t.strictSame(await stored(ada.user.id), before)
  t.strictSame(await mailsTo(ada.user.id), [])
  t.strictSame(await mailsTo(bob.ada.user.id), [])
})

t.test('the second step is switched off, and then the app may go with its recovery codes', async t => {
  const { ada, tokens } = await entered()
  t.match(brief(await as(app, tokens.access_token, 'DELETE', '/auth/totp')), { status: 409, code: 'last_factor' })

  const off: Tokens = (await as(app, tokens.access_token, 'PUT', '/auth/two-step', { enabled: false })).json()
  t.match(claimsOf(off), { sid: tokens.session.id, acr: 'urn:latchkey:acr:2fa' })
  t.match((await as(app, off.access_token, 'GET', '/auth/second-factors')).json(), { two_step: false, totp: { id: ada.totpId }, recovery_codes: { left: 10 } })
  const byPassword: Tokens = (await post(app, '/auth/login', { email: ada.email, password })).json()
  t.match(claimsOf(byPassword), { amr: ['pwd'] })
  for (const [method, path, body] of touching(ada.totpId)) t.match(brief(await as(app, byPassword.access_token, method, path, body)), { code: 'reauthentication_required' }, `an app that is there counts: ${method} ${path}`)

  nextStep(app)
  const both: Tokens = (await as(app, byPassword.access_token, 'POST', '/auth/reauthenticate', { password, code: codeAt(app, ada) })).json()
  t.match(claimsOf(both), { amr: ['pwd', 'otp', 'mfa'] })
  const gone: Tokens = (await as(app, both.access_token, 'DELETE', '/auth/totp')).json()
  t.match(claimsOf(gone), { amr: ['pwd'], acr: 'urn:latchkey:acr:1fa' })
  t.strictSame((await as(app, gone.access_token, 'GET', '/auth/second-factors')).json(), none)
  t.match((await refresh(app, off.refresh_token)).json(), { reason: 'factors_changed' })
  t.strictSame(await app.database`select number from recovery_codes where user_id = ${ada.user.id}`, [])
  t.match(brief(await as(app, gone.access_token, 'DELETE', '/auth/totp')), { status: 404 })
  t.match(brief(await as(app, gone.access_token, 'PUT', '/auth/two-step', { enabled: true })), { status: 409, code: 'last_factor' })
  t.match(brief(await as(app, gone.access_token, 'POST', '/auth/recovery-codes')), { status: 409, code: 'last_factor' })
  t.strictSame(await mailsTo(ada.user.id), ['second_factor_removed', 'second_factor_removed'])
  t.match((await trail(app, ada.user.id)).map(({ event }) => event).filter(event => /factor_removed|two_step/.test(event)), ['authn_two_step_disabled', 'authn_factor_removed'])
})

t.test('after the second step is off, the password alone does not count as both', async t => {
  const { tokens } = await entered()
  const off: Tokens = (await as(app, tokens.access_token, 'PUT', '/auth/two-step', { enabled: false })).json()
  app.clock.advance(11 * minute)
  const again: Tokens = (await as(app, off.access_token, 'POST', '/auth/reauthenticate', { password })).json()
  t.match(claimsOf(again), { amr: ['pwd'], acr: 'urn:latchkey:acr:1fa' })
  t.match(brief(await as(app, again.access_token, 'GET', '/auth/check?acr=2fa')), { status: 401 })
})

t.test('the second step is switched on again by a session that has proved it', async t => {
  const { ada, tokens } = await entered()
  const off: Tokens = (await as(app, tokens.access_token, 'PUT', '/auth/two-step', { enabled: false })).json()
  const on: Tokens = (await as(app, off.access_token, 'PUT', '/auth/two-step', { enabled: true })).json()
  t.match((await post(app, '/auth/login', { email: ada.email, password })).json(), { code: 'mfa_required' })
  const mails = await mailsTo(ada.user.id)
  t.match(await as(app, on.access_token, 'PUT', '/auth/two-step', { enabled: true }), { statusCode: 200 }, 'twice is no error')
  t.strictSame(await mailsTo(ada.user.id), mails, 'and no news')
})

t.test('new recovery codes take the place of the old ones', async t => {
  const { ada, tokens } = await entered()
  const { recovery_codes: codes } = (await as(app, tokens.access_token, 'POST', '/auth/recovery-codes')).json()
  t.equal(codes.length, 10)
  const pending = async () => (await post(app, '/auth/login', { email: ada.email, password })).json().mfa_token
  t.match(await post(app, '/auth/login/second-factor', { mfa_token: await pending(), recovery_code: ada.recoveryCodes[0] }), { statusCode: 401 })
  t.match(await post(app, '/auth/login/second-factor', { mfa_token: await pending(), recovery_code: codes[9] }), { statusCode: 200 })
  t.strictSame(await mailsTo(ada.user.id), ['recovery_codes_renewed', 'recovery_code_used'])
  t.match((await trail(app, ada.user.id)).find(({ event }) => event === 'authn_factor_added'), { reason: 'recovery_codes' })
})

t.test('a browser gets its tokens as cookies and the recovery codes in the answer', async t => {
  const account = await signUp(app)
  const browser = openBrowser(app)
  await browser.send('POST', '/auth/login', { email: account.email, password, transport: 'cookie' })
  const { id, secret } = (await browser.send('POST', '/auth/totp')).json()
  const confirmed = await browser.send('POST', `/auth/totp/${id}/confirm`, { code: codeAt(app, { secret: fromBase32(secret) }) })
  t.strictSame(Object.keys(confirmed.json()).sort(), ['expires_in', 'recovery_codes', 'refresh_expires_in', 'session', 'user'])
  t.match((await browser.send('GET', '/auth/second-factors')).json(), { two_step: true })
})

t.test('a session that ends meanwhile changes nothing', async t => {
  const { account, tokens } = await joined()
  const { id, secret } = (await as(app, tokens.access_token, 'POST', '/auth/totp')).json()
  const [answer] = await Promise.all([confirm(tokens, id, codeAt(app, { secret: fromBase32(secret) })), as(app, tokens.access_token, 'POST', '/auth/logout')])
  const [row] = await app.database<{ twoStep: boolean }>`select two_step from users where id = ${account.user.id}`
  t.equal(row?.twoStep, answer.statusCode === 200, answer.body)
})

t.test('an administrator’s unlock opens the codes, too', async t => {
  const { ada } = await entered()
  await app.database`update totp_secrets set strangers_failures = 100 where user_id = ${ada.user.id}`
  for (let n = 0; n < 6; n++) await enterBy(ada, { recovery_code: 'AAAA-AAAA-AAAA-AAAA-AAAA-AAAA' })
  nextStep(app)
  t.match(brief(await enter(ada, codeAt(app, ada))), { code: 'too_many_attempts' })
  t.match(brief(await enterBy(ada, { recovery_code: ada.recoveryCodes[0] })), { code: 'too_many_attempts' })

  await app.userAdministration.unlock(ada.user.id, by((await person(app, 'super_admin')).id))
  t.match(await enter(ada, codeAt(app, ada)), { statusCode: 200 })
  t.match(await enterBy(ada, { recovery_code: ada.recoveryCodes[0] }), { statusCode: 200 })
})

/** A new user with two sessions. */
async function joined () {
  const account = await signUp(app)
  const elsewhere = await signIn(app, account)
  const tokens = await signIn(app, account, { device_token: elsewhere.device_token })
  await app.database`delete from jobs`
  return { account, tokens, elsewhere }
}

/** A session of an account with two steps. */
async function entered () {
  const ada = await guarded(app)
  const tokens: Tokens = (await enter(ada, codeAt(app, ada))).json()
  nextStep(app)
  return { ada, tokens }
}

async function enter (account: { email: string }, code: string) {
  return await enterBy(account, { code })
}

async function enterBy ({ email }: { email: string }, proof: object) {
  const { mfa_token: token } = (await post(app, '/auth/login', { email, password })).json()
  return await post(app, '/auth/login/second-factor', { mfa_token: token, ...proof })
}

async function confirm ({ access_token: token }: Tokens, id: string, code: string) {
  return await as(app, token, 'POST', `/auth/totp/${id}/confirm`, { code })
}

/** The kinds of the mails about second factors that wait for a user. */
async function mailsTo (userId: string) {
  return (await mailJobs(app)).filter(job => job['userId'] === userId && /factor|recovery/.test(job.kind)).map(({ kind }) => kind)
}

/** Every request that touches the factors. */
function touching (totpId: string): ['POST' | 'PUT' | 'DELETE', string, object?][] {
  return [
    ['POST', '/auth/totp'], ['POST', `/auth/totp/${totpId}/confirm`, { code: '000000' }], ['DELETE', '/auth/totp'], ['PUT', '/auth/two-step', { enabled: false }],
    ['PUT', '/auth/two-step', { enabled: true }], ['POST', '/auth/recovery-codes']
  ]
}

async function stored (userId: string) {
  return [await app.database`select t::text as row from totp_secrets t where user_id = ${userId}`, await app.database`select r::text as row from recovery_codes r where user_id = ${userId} order by hash`, await app.database`select two_step, session_epoch from users where id = ${userId}`]
}

function claimsOf ({ access_token: token }: Pick<Tokens, 'access_token'>) {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}
