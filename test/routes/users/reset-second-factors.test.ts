import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createAuthenticator } from '../../support/accounts/authenticator.ts'
import { askForChange, changeAddress } from '../../support/accounts/email-changes.ts'
import { addTotp, claimsOf, codeAt, fromBase32, guarded, mailedToken, nextStep } from '../../support/accounts/factors.ts'
import type { Guarded } from '../../support/accounts/factors.ts'
import { add, creation, enter as enterByPasskey, holder, origin } from '../../support/accounts/passkeys.ts'
import { brief, disable, signed } from '../../support/accounts/people.ts'
import { introspect, makeService } from '../../support/accounts/services.ts'
import { openBrowser } from '../../support/cookie-jar.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, password, post, refresh, signUp, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { mailJobs, trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const deployment = await deploy(t, { ACCESS_TOKEN_TTL: '1h', DB_POOL_MAX: '20' })
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const day = 86_400_000
const chief = await guarded(app, { role: 'super_admin' })
const sessions = new Map<Guarded, { tokens: Tokens, at: number }>()
/** Whom the links are for, by the ids of their tokens. */
const links = new Map<string, string>()
const wrong = { status: 401, code: 'invalid_credentials' }

t.test('an administrator’s reset mails a link, and nothing else changes', async t => {
  const ada = await guarded(app)
  const tokens = await enter(ada)
  const before = await stored(ada)
  t.equal((await reset(ada)).statusCode, 204)

  t.strictSame(await stored(ada), before)
  t.match(await as(app, tokens.access_token, 'GET', '/auth/check'), { statusCode: 204 }, 'the session goes on')
  t.strictSame((await mailsTo(ada)).map(({ kind }) => kind), ['second_factor_reset'])
  t.match((await trail(app, ada.user.id)).at(-1), { event: 'authn_factor_reset', outcome: 'success', reason: 'requested', actorId: chief.user.id, read: { ip: '127.0.0.1' } })
})

t.test('an account without a password gets no link, because a new password would make it worthless', async t => {
  const ada = await guarded(app)
  await app.database`update users set password_hash = null where id = ${ada.user.id}`
  const before = await stored(ada)
  t.match((await reset(ada)).json(), { status: 409, code: 'conflict', detail: /no password/ })

  t.strictSame(await stored(ada), before)
  t.strictSame(await mailsTo(ada), [])
  t.notOk((await trail(app, ada.user.id)).some(({ event }) => event === 'authn_factor_reset'))
})

t.test('link and password open a session that may add a factor and do nothing else', async t => {
  const ada = await guarded(app)
  await reset(ada)
  const answer = await enroll(ada)
  t.equal(answer.statusCode, 200, answer.body)
  const tokens: Tokens = answer.json()
  t.match(claimsOf(tokens), { amr: ['pwd'], acr: 'urn:latchkey:acr:1fa', must_enroll_second_factor: true })

  for (const [method, path, body] of [['GET', '/auth/sessions'], ['GET', '/auth/check'], ['PATCH', '/auth/me', { full_name: 'Eve' }], ['GET', '/auth/me/export'], ['POST', '/auth/email/change', { new_email: 'eve@example.com' }], ['DELETE', '/auth/me']] as const) {
    t.match(brief(await as(app, tokens.access_token, method, path, body)), { status: 403, code: 'second_factor_enrollment_required' }, `${method} ${path}`)
  }
  for (const [method, path, body] of [['DELETE', '/auth/totp'], ['PUT', '/auth/two-step', { enabled: false }], ['POST', '/auth/recovery-codes'], ['POST', '/auth/password/change', { current_password: password, new_password: 'seven quiet herons over reeds' }]] as const) {
    t.match(brief(await as(app, tokens.access_token, method, path, body)), { status: 401, code: 'reauthentication_required' }, `${method} ${path} would need a factor`)
  }
  t.match(brief(await as(app, tokens.access_token, 'POST', '/auth/reauthenticate', { password })), { status: 401, code: 'mfa_required' })
  t.match((await as(app, tokens.access_token, 'GET', '/auth/me')).json(), { user: { id: ada.user.id } })
  t.match((await as(app, tokens.access_token, 'GET', '/auth/second-factors')).json(), { two_step: true })
  t.strictSame((await introspect(app, await makeService(app), tokens.access_token)).json(), { active: false })

  const renewed: Tokens = (await refresh(other, tokens.refresh_token)).json()
  t.match(claimsOf(renewed), { must_enroll_second_factor: true }, 'a refresh changes nothing of that')
  t.match(brief(await as(other, renewed.access_token, 'GET', '/auth/sessions')), { status: 403 })
  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_login_success'), [{ reason: 'second_factor_reset', sessionId: tokens.session.id }])
})

t.test('the new factor takes the place of all others, and of every session and device', async t => {
  const ada = await guarded(app)
  const [old, phone] = [await enter(ada), await enter(ada)]
  const key = createAuthenticator({ origin })
  await add(app, old, key)
  await reset(ada)
  const tokens: Tokens = (await enroll(ada)).json()
  const { answer, secret } = await addTotp(app, tokens.access_token)

  t.equal(answer.statusCode, 200, answer.body)
  const next: Tokens & { recovery_codes: string[] } = answer.json()
  t.equal(next.recovery_codes.length, 10)
  t.match(claimsOf(next), { amr: ['pwd', 'otp', 'mfa'], acr: 'urn:latchkey:acr:2fa', sid: tokens.session.id })
  t.notOk('must_enroll_second_factor' in claimsOf(next))
  t.match(await as(app, next.access_token, 'GET', '/auth/check?acr=2fa'), { statusCode: 204 })
  t.notOk('must_enroll_second_factor' in claimsOf((await refresh(app, next.refresh_token)).json()))

  t.match(brief(await as(app, phone.access_token, 'GET', '/auth/me')), { code: 'session_ended', reason: 'factors_changed' }, 'tokens of before are dead at once')
  await until(async () => (await as(other, phone.access_token, 'GET', '/auth/me')).statusCode === 401)
  for (const ended of [old, phone]) t.match(brief(await refresh(app, ended.refresh_token)), { code: 'session_ended', reason: 'factors_changed' })
  t.match(await app.database`select device_id, second_factor_at from known_devices where user_id = ${ada.user.id}`, [{ deviceId: app.deviceTokens.read(tokens.device_token), secondFactorAt: null }])

  nextStep(app)
  t.match(brief(await complete(ada, { code: codeAt(app, ada) })), wrong, 'the lost app')
  t.match(brief(await complete(ada, { recovery_code: ada.recoveryCodes[0] })), wrong, 'the old recovery codes')
  t.match(brief(await enroll(ada)), wrong, 'the link')
  t.match(brief(await enterByPasskey(app, { key })), { status: 401, code: 'passkey_unknown' }, 'the old passkey')
  t.match(await complete(ada, { code: codeAt(app, { secret }) }), { statusCode: 200 })

  t.match((await mailsTo(ada)).map(({ kind }) => kind).filter(kind => kind.startsWith('second_factor')), ['second_factor_reset', 'second_factor_reset_finished'])
  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_factor_reset'), [{ reason: 'requested', actorId: chief.user.id }, { reason: 'finished', actorId: ada.user.id, sessionId: tokens.session.id }])
})

t.test('a passkey finishes a reset as well, and has to be proved before it counts', async t => {
  const ada = await guarded(app)
  const [old, phone] = [await enter(ada), createAuthenticator({ origin })]
  await add(app, old, phone)
  await app.database`insert into passkeys (id, user_id, credential_id, public_key, algorithm, sign_count, user_verified, backup_eligible, backed_up, transports, rp_id, name, created_at) select gen_random_uuid(), ${ada.user.id}, sha256(gen_random_uuid()::text::bytea), 'key', -7, 0, true, true, true, '{}', 'localhost', 'x', now() from generate_series(2, 20)`
  await reset(ada)
  const tokens: Tokens = (await enroll(ada)).json()
  const key = createAuthenticator({ origin })
  const credential = key.create(await creation(app, tokens))
  const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => as(n % 2 ? app : other, tokens.access_token, 'POST', '/auth/passkeys', { credential, name: 'New phone' })))
  t.equal(answers.filter(({ statusCode }) => statusCode === 201).length, 1, answers.map(({ body }) => body).join())

  const next = answers.find(({ statusCode }) => statusCode === 201)?.json()
  t.match(next, { passkey: { name: 'New phone' }, session: { id: tokens.session.id } })
  t.equal(next.recovery_codes.length, 10)
  t.match(claimsOf(next), { amr: ['pwd'], acr: 'urn:latchkey:acr:1fa', must_enroll_second_factor: undefined })
  t.match(brief(await refresh(app, old.refresh_token)), { code: 'session_ended', reason: 'factors_changed' })
  t.match((await as(app, next.access_token, 'GET', '/auth/second-factors')).json(), { two_step: true, totp: null, passkeys: [{ id: next.passkey.id }], recovery_codes: { left: 10 } })
  t.match(brief(await as(app, next.access_token, 'POST', '/auth/recovery-codes')), { status: 401, code: 'reauthentication_required' })
  const options = (await as(app, next.access_token, 'POST', '/auth/reauthenticate/options')).json().public_key
  t.match(claimsOf((await as(app, next.access_token, 'POST', '/auth/reauthenticate', { credential: key.get(options) })).json()), { acr: 'phr' })

  nextStep(app)
  t.match(brief(await complete(ada, { code: codeAt(app, ada) })), wrong, 'the lost app')
  t.match(brief(await enterByPasskey(app, { key: phone })), { code: 'passkey_unknown' })
  t.match(brief(await enroll(ada)), wrong, 'the link')
  t.match(await enterByPasskey(app, { key }), { statusCode: 200 })
  t.match((await mailsTo(ada)).map(({ kind }) => kind).filter(kind => /second_factor|passkey/.test(kind)), ['passkey_added', 'second_factor_reset', 'second_factor_reset_finished'])
})

t.test('every table with rows of a user is one that a finished reset clears, or one that it leaves alone for a reason', async t => {
  const cleared = ['known_devices', 'passkeys', 'recovery_codes', 'totp_secrets']
  const left = ['last_logins', 'one_time_tokens', 'sessions']
  const found = await app.database<{ name: string }>`select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'user_id' and table_name not in (select table_name from information_schema.views) order by 1`
  t.strictSame(found.map(({ name }) => name), [...cleared, ...left].sort(), 'a new kind of factor must go with a reset, too')
})

t.test('an owner who still signs in by a factor makes the link worthless, and so does one who proves it again', async t => {
  const [ada, bob] = [await guarded(app), await guarded(app)]
  const session = await enter(bob)
  for (const owner of [ada, bob]) await reset(owner)
  const [thief, other]: Tokens[] = [(await enroll(ada)).json(), (await enroll(bob)).json()]

  nextStep(app)
  await enter(ada)
  t.match(await as(app, session.access_token, 'POST', '/auth/reauthenticate', { password, code: codeAt(app, bob) }), { statusCode: 200 })
  for (const [owner, tokens] of [[ada, thief], [bob, other]] as const) {
    t.match(brief(await enroll(owner)), wrong)
    const before = await stored(owner)
    const { answer } = await addTotp(app, tokens?.access_token ?? '')
    t.match(brief(answer), { status: 422, code: 'token_invalid' }, 'a session that the link has opened is worth nothing, too')
    t.strictSame((await stored(owner)).confirmed, before.confirmed)
  }
})

t.test('a user who finds the lost factor after all proves it in the session of the link, which is one like any other then', async t => {
  const ada = await guarded(app)
  await reset(ada)
  const tokens: Tokens = (await enroll(ada)).json()
  nextStep(app)
  const proved = (await as(app, tokens.access_token, 'POST', '/auth/reauthenticate', { password, code: codeAt(app, ada) })).json()
  t.match(claimsOf(proved), { acr: 'urn:latchkey:acr:2fa', must_enroll_second_factor: undefined })

  const renewed: Tokens = (await refresh(app, proved.refresh_token)).json()
  t.match(claimsOf(renewed), { must_enroll_second_factor: undefined })
  t.match(await as(app, renewed.access_token, 'GET', '/auth/sessions'), { statusCode: 200 })
  nextStep(app)
  t.match((await addTotp(app, renewed.access_token)).answer, { statusCode: 200 })
})

t.test('a new password makes the link worthless: the mailbox, which resets both, does not suffice', async t => {
  const ada = await guarded(app)
  await reset(ada)
  const link = await linkOf(ada)
  const token = await mailedToken(app, 'password_reset', ada.user.id)
  const changed = 'seven quiet herons over reeds'
  t.match(await post(app, '/auth/password/reset', { token, new_password: changed }), { statusCode: 200 })
  t.match(brief(await complete({ ...ada, password: changed }, { reset_token: link })), wrong)
  t.match(await complete({ ...ada, password: changed }, { code: codeAt(app, ada) }), { statusCode: 200 }, 'and a reset of the password touches no factor')
})

t.test('the link alone opens nothing, nor does another user’s, an old one, one that was replaced, or another mail’s', async t => {
  const [ada, bob] = [await guarded(app), await guarded(app)]
  await reset(ada)
  const first = await linkOf(ada)
  await reset(ada)
  const second = await linkOf(ada)

  t.match(await post(app, '/auth/login/second-factor', { reset_token: second }), { statusCode: 422 })
  for (const path of ['/auth/password/reset', '/auth/email/confirm', '/auth/email/undo']) t.match(brief(await post(app, path, { token: second, ...path.endsWith('reset') && { new_password: 'seven quiet herons over reeds' } })), { status: 422, code: 'token_invalid' }, path)
  t.match(brief(await as(app, second, 'GET', '/auth/me')), { status: 401 })
  t.match(brief(await refresh(app, second)), { status: 401 })

  const elsewhere = await mailedToken(app, 'password_reset', ada.user.id)
  for (const [owner, token] of [[bob, second], [ada, first], [ada, elsewhere], [ada, second.replace(/^(.{40})./, (_, before) => `${before}${second.charAt(40) === 'A' ? 'B' : 'A'}`)], [ada, 'x']] as const) t.match(brief(await complete(owner, { reset_token: token })), wrong, token)
  t.match((await trail(app, bob.user.id)).at(-1), { event: 'authn_login_fail', reason: 'second_factor_reset' })

  app.clock.advance(day)
  t.match(brief(await complete(ada, { reset_token: second })), wrong, 'after a day')
  t.equal((await app.database`select 1 from sessions where user_id = any(${[ada.user.id, bob.user.id]})`).length, 0)
})

t.test('of twenty confirmations at once in two sessions of one link one counts', async t => {
  const ada = await guarded(app)
  await reset(ada)
  const [one, two]: Tokens[] = [(await enroll(ada)).json(), (await enroll(ada)).json()]
  const { id, secret } = (await as(app, one?.access_token ?? '', 'POST', '/auth/totp')).json()
  const code = codeAt(app, { secret: fromBase32(secret) })
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => as(n % 4 < 2 ? app : other, (n % 2 ? one : two)?.access_token ?? '', 'POST', `/auth/totp/${id}/confirm`, { code })))

  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  for (const { statusCode, body } of answers) t.ok([200, 401, 404, 422, 503].includes(statusCode), body)
  t.equal((await app.database`select 1 from totp_secrets where user_id = ${ada.user.id}`).length, 1)
  t.equal((await mailsTo(ada)).filter(({ kind }) => kind === 'second_factor_reset_finished').length, 1)
  t.equal((await app.database`select 1 from one_time_tokens where user_id = ${ada.user.id}`).length, 0)
})

t.test('a confirmation that fails leaves the link as it is', async t => {
  const ada = await guarded(app)
  await reset(ada)
  const tokens: Tokens = (await enroll(ada)).json()
  const { id } = (await as(app, tokens.access_token, 'POST', '/auth/totp')).json()
  t.match(brief(await as(app, tokens.access_token, 'POST', `/auth/totp/${id}/confirm`, { code: '000000' })), { status: 422 })
  t.match(brief(await as(app, tokens.access_token, 'POST', `/auth/totp/${randomUUID()}/confirm`, { code: '000000' })), { status: 404 })
  t.match(await addTotp(app, tokens.access_token), { answer: { statusCode: 200 } })
})

t.test('Redis may lose everything between the steps', async t => {
  const ada = await guarded(app)
  await reset(ada)
  const token = await pendingOf(ada)
  await forgetEverything()
  const answer = await post(other, '/auth/login/second-factor', { mfa_token: token, reset_token: await linkOf(ada) })
  t.equal(answer.statusCode, 200, answer.body)
  await forgetEverything()
  t.match(await addTotp(app, answer.json().access_token), { answer: { statusCode: 200 } })
})

t.test('whatever ends the account’s sessions ends a sign-in by the link, too', async t => {
  for (const [what, act] of Object.entries({
    'a sign-out': async (ada: Guarded) => { await app.userAdministration.signOut(ada.user.id, await by()) },
    'a disabled account': async (ada: Guarded) => { await disable(app, ada.user.id, chief.user.id) }
  })) {
    const ada = await guarded(app)
    await reset(ada)
    const [pending, tokens]: [string, Tokens] = [await pendingOf(ada), (await enroll(ada)).json()]
    const link = await linkOf(ada)
    await act(ada)
    t.match(brief(await post(app, '/auth/login/second-factor', { mfa_token: pending, reset_token: link })), { status: 422, code: 'token_invalid' }, what)
    t.match(brief(await as(app, tokens.access_token, 'POST', '/auth/totp')), { status: 401, code: 'session_ended' }, what)
  }
})

t.test('in a browser the session comes as cookies', async t => {
  const ada = await guarded(app)
  await reset(ada)
  const browser = openBrowser(app)
  t.match(await browser.send('POST', '/auth/login', { email: ada.email, password, transport: 'cookie' }), { statusCode: 401 })
  const answer = await browser.send('POST', '/auth/login/second-factor', { reset_token: await linkOf(ada) })
  t.equal(answer.statusCode, 200, answer.body)
  t.notMatch(answer.body, /access_token|refresh_token/)
  t.match(brief(await browser.send('GET', '/auth/sessions')), { status: 403, code: 'second_factor_enrollment_required' })
})

t.test('only an administrator of a higher rank who has just proved two factors may begin a reset', async t => {
  const ada = await guarded(app)
  const [admin, clerk, peer] = [await guarded(app, { role: 'admin' }), await guarded(app, { role: 'accountant' }), await guarded(app, { role: 'admin' })]
  const weak = await signed(app, 'super_admin')
  t.match((await as(app, weak.access_token, 'POST', `/users/${ada.user.id}/reset-second-factors`)).json(), { status: 401, code: 'reauthentication_required', max_age: 600, acr_values: 'urn:latchkey:acr:2fa phr' })
  t.match(brief(await reset(ada, clerk)), { status: 403, code: 'forbidden' })
  t.match(brief(await reset(peer, admin)), { status: 403, code: 'forbidden' })
  t.match(brief(await reset(chief, admin)), { status: 403, code: 'forbidden' })
  t.match(brief(await reset(chief)), { status: 403, code: 'forbidden' }, 'nobody resets their own')
  t.match(brief(await reset({ user: { id: randomUUID() } })), { status: 404 })

  const stale = await enter(admin)
  app.clock.advance(11 * 60_000)
  t.match(brief(await as(app, stale.access_token, 'POST', `/users/${ada.user.id}/reset-second-factors`)), { status: 401, code: 'reauthentication_required' })
  for (const owner of [ada, peer, chief]) t.strictSame(await mailsTo(owner), [], 'nothing was mailed')
  t.match(await reset(ada, admin), { statusCode: 204 })
})

t.test('there is nothing to reset at an account without a second factor, and a disabled one gets no mail', async t => {
  const bob = await signUp(app)
  t.match(brief(await reset(bob)), { status: 409, code: 'conflict' })
  const ada = await guarded(app)
  await disable(app, ada.user.id, chief.user.id)
  t.match(brief(await reset(ada)), { status: 409, code: 'conflict' })
  for (const owner of [ada, bob]) t.strictSame(await mailsTo(owner), [])
})

t.test('where the password alone signs in a reset removes every factor at once, also a passkey of somebody else', async t => {
  const ada = await holder(app)
  const strong: Tokens = (await enterByPasskey(app, ada)).json()
  await add(app, strong, createAuthenticator({ origin }))
  await app.database`update known_devices set second_factor_at = now() where user_id = ${ada.user.id}`
  t.equal((await reset(ada)).statusCode, 204)

  t.strictSame(await app.database`select 1 from known_devices where user_id = ${ada.user.id} and second_factor_at is not null`, [], 'no device counts as having passed a factor that is gone')
  t.match(brief(await enterByPasskey(app, ada)), { status: 401, code: 'passkey_unknown' })
  t.match(await stored(ada), { confirmed: { length: 0 }, codes: { length: 0 }, user: [{ twoStep: false }] })
  t.strictSame(await app.database`select 1 from passkeys where user_id = ${ada.user.id}`, [])
  t.match(brief(await as(app, strong.access_token, 'GET', '/auth/me')), { code: 'session_ended', reason: 'factors_changed' })
  t.match(brief(await refresh(other, ada.tokens.refresh_token)), { code: 'session_ended', reason: 'factors_changed' })
  t.match(await post(app, '/auth/login', { email: ada.email, password }), { statusCode: 200 }, 'the password alone, as before')
  t.strictSame((await mailsTo(ada)).map(({ kind }) => kind).filter(kind => kind.startsWith('second_factor')), ['second_factors_removed'], 'and no link')
  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_factor_reset'), [{ outcome: 'success', reason: 'removed', actorId: chief.user.id }])
  t.match(brief(await reset(ada)), { status: 409, code: 'conflict' }, 'nothing is left')
})

t.test('an operator removes the factors of an account whose password alone signs in', async t => {
  const ada = await holder(app)
  const caller = { ip: '127.0.0.1', userAgent: null, requestId: 'x' }
  t.match(await app.userAdministration.factorResets.startAsOperator(ada.email, caller), { id: ada.user.id, outcome: 'removed' })
  t.match(brief(await enterByPasskey(app, ada)), { code: 'passkey_unknown' })
  await t.rejects(app.userAdministration.factorResets.startAsOperator(ada.email, caller), { code: 'conflict' })
  const bob = await guarded(app)
  t.match(await app.userAdministration.factorResets.startAsOperator(bob.email, caller), { outcome: 'mailed' })
  t.match(await complete(bob, { code: codeAt(app, bob) }), { statusCode: 200 }, 'where two factors sign in, they do until a new one is added')
})

t.test('an administrator reads what a user has, without any secret', async t => {
  const [ada, clerk] = [await guarded(app), await signed(app, 'accountant')]
  const answer = await as(app, clerk.access_token, 'GET', `/users/${ada.user.id}/second-factors`)
  t.match(answer.json(), { two_step: true, required: false, required_from: null, remembered_devices: 0 })
  t.match(answer.json(), { totp: { id: ada.totpId, last_used_at: null }, recovery_codes: { left: 10 } })
  t.strictSame(Object.keys(answer.json().totp), ['id', 'created_at', 'last_used_at'])
  t.match(brief(await as(app, clerk.access_token, 'GET', `/users/${randomUUID()}/second-factors`)), { status: 404 })
})

t.test('an administrator who has moved an account to another mailbox cannot reset its factors, for as long as the owner may undo that', async t => {
  const ada = await guarded(app)
  await changeAddress(app, await enter(ada))
  t.match(brief(await reset(ada)), { status: 409, code: 'conflict' })
  t.strictSame((await mailsTo(ada)).filter(({ kind }) => kind === 'second_factor_reset'), [])
  t.strictSame((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_factor_reset'), [])

  const bob = await guarded(app)
  await askForChange(app, await enter(bob))
  t.match(await reset(bob), { statusCode: 204 }, 'a change that is not confirmed has moved nothing')

  app.clock.advance(7 * day + 1000)
  t.match(await reset(ada), { statusCode: 204 })
})

/** Begins a reset in a recent session of an administrator, by default of a super_admin. */
async function reset ({ user }: { user: { id: string } }, actor: Guarded = chief) {
  const recent = sessions.get(actor)
  const isRecent = recent && app.clock.now() - recent.at < 5 * 60_000
  const session = isRecent ? recent : { tokens: await enter(actor), at: app.clock.now() }
  sessions.set(actor, session)
  const answer = await as(app, session.tokens.access_token, 'POST', `/users/${user.id}/reset-second-factors`)
  const rows = await app.database<{ id: string }>`select id from one_time_tokens where user_id = ${user.id} and purpose = 'second_factor_reset'`
  for (const { id } of rows) links.set(id, user.id)
  return answer
}

async function enter (ada: Guarded): Promise<Tokens> {
  nextStep(app)
  const answer = await complete(ada, { code: codeAt(app, ada) })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}

async function enroll (ada: Guarded) {
  return await complete(ada, { reset_token: await linkOf(ada) })
}

async function complete (ada: Guarded, proof: object) {
  return await post(app, '/auth/login/second-factor', { mfa_token: await pendingOf(ada), ...proof })
}

async function pendingOf (ada: Guarded): Promise<string> {
  return (await post(app, '/auth/login', { email: ada.email, password: ada.password })).json().mfa_token
}

/** The token in the link of the last mail about a reset. */
async function linkOf (ada: Guarded): Promise<string> {
  const mail = (await mailsTo(ada)).filter(({ kind }) => kind === 'second_factor_reset').at(-1)
  const tokenId = mail?.['tokenId']
  return tokenId ? app.oneTimeTokens.tokenOf('second_factor_reset', tokenId) : 'none'
}

/** The mails to a user about factors. Those with a link name its token. */
async function mailsTo ({ user }: { user: { id: string } }) {
  return (await mailJobs(app)).filter(({ kind, userId, tokenId }) => kind !== 'new_device' && (userId ?? links.get(tokenId ?? '')) === user.id)
}

async function stored ({ user: { id } }: { user: { id: string } }) {
  return {
    confirmed: await app.database`select t::text as row from totp_secrets t where user_id = ${id} and confirmed_at is not null`,
    codes: await app.database`select r::text as row from recovery_codes r where user_id = ${id} order by hash`,
    user: await app.database`select two_step, session_epoch, version from users where id = ${id}`,
    sessions: await app.database`select id, ended_at, user_epoch from sessions where user_id = ${id} order by id`
  }
}

async function by () {
  return { principal: { userId: chief.user.id, sessionId: randomUUID(), role: 'super_admin', acr: 'phr', authTime: Number.MAX_SAFE_INTEGER }, caller: { ip: '127.0.0.1', userAgent: null, requestId: randomUUID() } }
}

async function forgetEverything () {
  for (const key of await app.redis.keys(`${deployment.REDIS_KEY_PREFIX}*`)) await app.redis.del(key.slice(deployment.REDIS_KEY_PREFIX.length))
}
