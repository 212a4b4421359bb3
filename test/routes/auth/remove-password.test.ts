import t from 'tap'
import { createAuthenticator } from '../../support/accounts/authenticator.ts'
import { claimsOf, codeAt, guarded, mailedToken, nextStep } from '../../support/accounts/factors.ts'
import type { Guarded } from '../../support/accounts/factors.ts'
import { add, enter, origin } from '../../support/accounts/passkeys.ts'
import { brief, rowOf } from '../../support/accounts/people.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, freshAddress, password, post, refresh, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { mailJobs, trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t, { ACCESS_TOKEN_TTL: '1h', DB_POOL_MAX: '20' })
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const page = { origin }
const next = 'seven quiet herons over reeds'
const synced = ['UP', 'UV', 'BE', 'BS'] as const

t.test('a user with passkeys gives up the password, and passkeys sign in from then on', async t => {
  const ada = await keeper()
  const elsewhere = await byCode(ada)
  const tokens = await byPasskey(ada)
  const answer = await giveUp(tokens)

  t.equal(answer.statusCode, 200, answer.body)
  t.match(claimsOf(answer.json()), { sid: tokens.session.id, amr: ['pop', 'user', 'mfa'], acr: 'phr' })
  t.match(brief(await refresh(app, elsewhere.refresh_token)), { code: 'session_ended', reason: 'factors_changed' })
  t.match(brief(await as(app, tokens.access_token, 'GET', '/auth/me')), { code: 'invalid_token' }, 'what the session held before')
  t.match((await as(other, answer.json().access_token, 'GET', '/auth/second-factors')).json(), { password: false, two_step: true, totp: {}, recovery_codes: { left: 10 } })
  t.match((await as(app, answer.json().access_token, 'GET', '/auth/me/export')).json(), { account: { password: null } })

  const refused = await post(app, '/auth/login', { email: ada.email, password })
  const unknown = await post(app, '/auth/login', { email: freshAddress(), password })
  t.strictSame({ ...refused.json(), request_id: '' }, { ...unknown.json(), request_id: '' }, 'nobody sees that there is an account')
  t.match(claimsOf((await enter(other, ada)).json()), { amr: ['pop', 'user', 'mfa'], acr: 'phr' })

  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_password_removed'), [{ outcome: 'success', reason: 'passkey', actorId: ada.user.id, sessionId: tokens.session.id }])
  t.strictSame(await mailsTo(ada), ['password_removed'])
  t.match(brief(await giveUp((await enter(app, ada)).json())), { status: 404, code: 'not_found' }, 'once')
})

t.test('it takes a passkey that was proved within ten minutes', async t => {
  const ada = await keeper()
  const due = { status: 401, code: 'reauthentication_required', max_age: 600, acr_values: 'phr' }
  t.match((await giveUp(await byCode(ada))).json(), due, 'the password and a code')
  const tokens = await byPasskey(ada)
  app.clock.advance(601_000)
  t.match((await giveUp(tokens)).json(), due)
  await app.database`update sessions set amr = '{pwd,otp,mfa}' where id = ${tokens.session.id}`
  t.match((await giveUp(await again(ada, tokens))).statusCode, 200, 'a passkey that is proved again does')
  t.match(brief(await app.inject({ method: 'DELETE', url: '/api/v1/auth/password' })), { status: 401, code: 'unauthenticated' })
})

t.test('a session whose token says more than Postgres knows gives up nothing', async t => {
  const ada = await keeper()
  const tokens = await byPasskey(ada)
  await app.database`update sessions set amr = '{pwd,otp,mfa}' where id = ${tokens.session.id}`
  t.match((await giveUp(tokens)).json(), { status: 401, code: 'reauthentication_required', acr_values: 'phr' })
  t.match(await rowOf(app, ada.user.id), { passwordHash: String })
})

t.test('it takes passkeys that outlast a lost device, and recovery codes', async t => {
  const single = await guarded(app)
  const [phone, stick, foreign] = [createAuthenticator(page), createAuthenticator(page), createAuthenticator(page)]
  const first = await byCode(single)
  await add(app, first, phone)
  await add(app, first, stick, { kind: 'security_key' })
  const elsewhere = await add(app, first, foreign)
  await app.database`update passkeys set rp_id = 'example.org' where id = ${elsewhere}`
  const tokens: Tokens = (await enter(app, { key: phone })).json()

  const before = await rowOf(app, single.user.id)
  t.match((await giveUp(tokens)).json(), { status: 409, code: 'last_factor', detail: /Add another passkey first/ }, 'neither a security key nor a passkey of another domain counts')
  await app.database`update passkeys set rp_id = 'localhost', discoverable = false where id = ${elsewhere}`
  t.match(brief(await giveUp(tokens)), { code: 'last_factor' }, 'nor one that needs a name')
  t.strictSame(await rowOf(app, single.user.id), before)
  t.strictSame(await mailsTo(single), [])
  t.strictSame((await trail(app, single.user.id)).filter(({ event }) => event === 'authn_password_removed'), [])

  await app.database`update passkeys set discoverable = null where id = ${elsewhere}`
  await app.database`delete from recovery_codes where user_id = ${single.user.id}`
  t.match((await giveUp(tokens)).json(), { status: 409, code: 'last_factor', detail: /Make recovery codes first/ })
  t.match(await as(app, tokens.access_token, 'POST', '/auth/recovery-codes'), { statusCode: 200 })
  t.match(await giveUp(tokens), { statusCode: 200 }, 'two that are not backed up do')
})

t.test('a change of the password that is due comes first', async t => {
  const ada = await keeper()
  const tokens = await byPasskey(ada)
  await app.database`update users set must_change_password = true where id = ${ada.user.id}`
  t.match(brief(await giveUp(tokens)), { status: 403, code: 'password_change_required' })
  t.match(await rowOf(app, ada.user.id), { passwordHash: String, mustChangePassword: true })
})

t.test('without a password there is nothing to guess, and the passkey signs in whatever strangers do', async t => {
  const { ada, tokens } = await without()
  for (let n = 0; n < 7; n++) {
    t.match((await as(app, tokens.access_token, 'POST', '/auth/reauthenticate', { password })).json(), { status: 401, code: 'invalid_credentials', detail: 'The account has no password.' })
    t.match(brief(await as(app, tokens.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: next })), { status: 401, code: 'invalid_credentials' })
  }
  t.match((await as(app, tokens.access_token, 'POST', '/auth/reauthenticate', { code: codeAt(app, ada) })).json(), { code: 'mfa_required', methods: ['passkey'] })
  for (let n = 0; n < 6; n++) await post(app, '/auth/login', { email: ada.email, password: `wrong ${n}` })
  t.match(brief(await post(app, '/auth/login', { email: ada.email, password })), { status: 429, code: 'too_many_attempts' }, 'the bucket is that of any address')
  t.match(await enter(app, ada), { statusCode: 200 })
  t.match(await as(app, (await again(ada, tokens)).access_token, 'GET', '/auth/check?acr=phr&max_age=60'), { statusCode: 204 })
})

t.test('an account without a password keeps a passkey that signs in, and two steps', async t => {
  const { ada, tokens } = await without()
  const [only] = (await as(app, tokens.access_token, 'GET', '/auth/passkeys')).json().passkeys
  t.match((await as(app, tokens.access_token, 'PUT', '/auth/two-step', { enabled: false })).json(), { status: 409, code: 'last_factor', detail: /keeps two steps/ })
  const stick = createAuthenticator({ origin })
  await add(app, tokens, stick, { kind: 'security_key' })
  t.match((await as(app, tokens.access_token, 'DELETE', `/auth/passkeys/${only.id}`)).json(), { status: 409, code: 'last_factor', detail: /needs a passkey/ }, 'neither the app nor a security key replaces it')
  const left: Tokens = (await as(app, tokens.access_token, 'DELETE', '/auth/totp')).json()
  const second = createAuthenticator({ origin })
  await add(app, left, second)
  t.match(await as(app, left.access_token, 'DELETE', `/auth/passkeys/${only.id}`), { statusCode: 200 })
  t.match(await enter(app, { key: second }), { statusCode: 200 })
  t.match(brief(await enter(app, ada)), { code: 'passkey_unknown' })
})

t.test('a link in a mail sets a password that still needs a second step, and links of before work no longer', async t => {
  const ada = await keeper()
  const tokens = await byPasskey(ada)
  const old = await mailedToken(app, 'password_reset', ada.user.id)
  await giveUp(tokens)
  t.match(brief(await post(app, '/auth/password/reset', { token: old, new_password: next })), { status: 422, code: 'token_invalid' })

  await post(app, '/auth/password/forgot', { email: ada.email })
  t.ok((await mailJobs(app, 'password_reset')).length > 0)
  const token = await mailedToken(app, 'password_reset', ada.user.id)
  t.match(await post(app, '/auth/password/reset', { token, new_password: next }), { statusCode: 200 })
  const due = await post(app, '/auth/login', { email: ada.email, password: next })
  t.match(due.json(), { status: 401, code: 'mfa_required', methods: ['passkey', 'totp', 'recovery_code'] })
  const entered = await post(app, '/auth/login/second-factor', { mfa_token: due.json().mfa_token, recovery_code: ada.recoveryCodes[0] })
  t.equal(entered.statusCode, 200, entered.body)
  t.match((await as(app, entered.json().access_token, 'GET', '/auth/second-factors')).json(), { password: true, two_step: true })
})

t.test('an administrator lets the user set a password first, and asks for no other one', async t => {
  const { ada } = await without()
  const chief = await guarded(app, { role: 'super_admin' })
  const { access_token: token } = await byCode(chief)
  for (const act of ['reset-second-factors', 'require-password-change']) {
    t.match((await as(app, token, 'POST', `/users/${ada.user.id}/${act}`)).json(), { status: 409, code: 'conflict', detail: /no password/ }, act)
  }
  t.match((await as(app, token, 'GET', `/users/${ada.user.id}/second-factors`)).json(), { password: false })
  t.match(await rowOf(app, ada.user.id), { mustChangePassword: false })
  t.strictSame(await mailsTo(ada), ['password_removed'])
  t.match(await as(app, token, 'POST', `/users/${ada.user.id}/password-reset`), { statusCode: 204 })
  t.match((await mailJobs(app)).at(-1), { kind: 'password_reset' }, 'and it is no invitation')
})

t.test('of many at once one gives up the password', async t => {
  const ada = await keeper()
  const [one, two] = [await byPasskey(ada), await byPasskey(ada)]
  const asked = Array.from({ length: 12 }, (_, n) => giveUp(n % 2 ? one : two, n % 4 < 2 ? app : other))
  const answers = await Promise.all(asked)
  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  for (const { statusCode, body } of answers) t.ok([200, 401, 404, 503].includes(statusCode), body)
  t.strictSame(await mailsTo(ada), ['password_removed'])
})

t.test('whichever comes first, an account keeps the password or a passkey', async t => {
  for (let round = 0; round < 6; round++) {
    const ada = await guarded(app)
    const tokens = await byCode(ada)
    const [first, second] = [createAuthenticator({ origin }), createAuthenticator({ origin })]
    const ids = [await add(app, tokens, first), await add(app, tokens, second)]
    const one: Tokens = (await enter(app, { key: first })).json()
    const two: Tokens = (await enter(app, { key: second })).json()
    const answers = await Promise.all([
      giveUp(one), as(other, two.access_token, 'DELETE', `/auth/passkeys/${ids[round % 2]}`), as(other, one.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: next })
    ])
    t.ok(answers.filter(({ statusCode }) => statusCode === 200).length <= 1, answers.map(({ body }) => body).join())
    const row = await rowOf(app, ada.user.id)
    const keys = await app.database`select 1 from passkeys where user_id = ${ada.user.id}`
    t.ok(row?.passwordHash !== null || keys.length === 2, `${keys.length} passkeys`)
  }
})

/** An account with an app, recovery codes, and a passkey that is backed up. */
async function keeper () {
  const ada = await guarded(app)
  const key = createAuthenticator({ origin, flags: [...synced] })
  await add(app, await byCode(ada), key)
  nextStep(app)
  return { ...ada, key }
}

type Keeper = Awaited<ReturnType<typeof keeper>>

/** An account that has given up its password, and the session in which it did. */
async function without () {
  const ada = await keeper()
  const answer = await giveUp(await byPasskey(ada))
  return { ada, tokens: answer.json() as Tokens }
}

async function giveUp ({ access_token: token }: Pick<Tokens, 'access_token'>, node = app) {
  return await as(node, token, 'DELETE', '/auth/password')
}

async function byPasskey (ada: Keeper): Promise<Tokens> {
  return (await enter(app, ada)).json()
}

async function byCode (ada: Guarded): Promise<Tokens> {
  const { mfa_token: token } = (await post(app, '/auth/login', { email: ada.email, password })).json()
  return (await post(app, '/auth/login/second-factor', { mfa_token: token, code: codeAt(app, ada) })).json()
}

async function again (ada: Keeper, { access_token: token }: Tokens): Promise<Tokens> {
  const options = (await as(app, token, 'POST', '/auth/reauthenticate/options')).json().public_key
  return (await as(app, token, 'POST', '/auth/reauthenticate', { credential: ada.key.get(options) })).json()
}

async function mailsTo ({ user: { id } }: Guarded) {
  return (await mailJobs(app)).filter(mail => mail['userId'] === id && /password|factor/.test(mail.kind)).map(({ kind }) => kind)
}
