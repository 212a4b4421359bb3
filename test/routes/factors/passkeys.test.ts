import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import t from 'tap'
import { bytes, coseOf, createAuthenticator, text } from '../../support/accounts/authenticator.ts'
import type { Lies } from '../../support/accounts/authenticator.ts'
import { codeAt, fromBase32, guarded } from '../../support/accounts/factors.ts'
import { add, creation, enter, holder, origin } from '../../support/accounts/passkeys.ts'
import { brief } from '../../support/accounts/people.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, password, post, refresh, signIn, signUp, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { mailJobs, trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t, { DB_POOL_MAX: '20', ACCESS_TOKEN_TTL: '1h', PASSKEY_RP_NAME: 'Quill & Sons' })
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const name = 'Ada’s phone'

t.test('the options say what a browser needs, and the account has one handle for life', async t => {
  const { account, tokens } = await joined()
  const options = await creation(app, tokens)
  t.match(options, {
    rp: { id: 'localhost', name: 'Quill & Sons' },
    user: { id: /^[\w-]{86}$/, name: account.email, displayName: 'Ada King' },
    challenge: /^[\w-]{96}$/,
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }, { alg: -8 }, { alg: -257 }],
    timeout: 300_000,
    excludeCredentials: { length: 0 },
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    attestation: 'none',
    extensions: { credProps: true }
  })
  t.match(await creation(app, tokens, 'security_key'), { user: options.user, authenticatorSelection: { residentKey: 'discouraged', userVerification: 'discouraged' } })

  const key = createAuthenticator({ origin })
  const id = await add(app, tokens, key)
  const strong: Tokens = (await enter(app, { key })).json()
  t.match(await creation(app, strong), { user: options.user, excludeCredentials: [{ type: 'public-key', id: key.id, transports: ['internal', 'hybrid'] }] })
  const left: Tokens = (await as(app, strong.access_token, 'DELETE', `/auth/passkeys/${id}`)).json()
  t.match(await creation(app, left), { user: options.user, excludeCredentials: { length: 0 } }, 'also after all passkeys went')
  t.match(await creation(app, (await joined()).tokens), { user: { id: new RegExp(`^(?!${options.user?.id})`) } })
})

t.test('a passkey is added, nothing ends, and the password goes on as before', async t => {
  const { account, tokens } = await joined()
  const elsewhere = await signIn(app, account)
  const key = createAuthenticator({ origin, algorithm: -8, flags: ['UP', 'UV', 'BE', 'BS'] })
  const credential = key.create(await creation(app, tokens))
  const answer = await as(other, tokens.access_token, 'POST', '/auth/passkeys', { credential, name })

  t.equal(answer.statusCode, 201, answer.body)
  const { passkey } = answer.json()
  t.strictSame(Object.keys(passkey), ['id', 'name', 'created_at', 'last_used_at', 'backed_up', 'user_verified', 'aaguid'])
  t.match(passkey, { name, last_used_at: null, backed_up: true, user_verified: true })
  t.match((await as(app, tokens.access_token, 'GET', '/auth/second-factors')).json(), { two_step: false, totp: null, passkeys: [passkey], recovery_codes: null })
  t.match(await as(app, elsewhere.access_token, 'GET', '/auth/me'), { statusCode: 200 })
  t.match(claimsOf(await signIn(app, account)), { amr: ['pwd'], acr: 'urn:latchkey:acr:1fa' })
  t.match((await trail(app, account.user.id)).at(-2), { event: 'authn_factor_added', reason: 'passkey', sessionId: tokens.session.id, read: { passkey_id: passkey.id, name } })
  t.strictSame(await mailsTo(account.user.id), ['passkey_added'])
})

t.test('a response that does not answer a challenge of the session adds nothing', async t => {
  const { account, tokens } = await joined()
  const key = createAuthenticator({ origin })
  const curve = coseOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)
  const wrong: Record<string, Lies> = {
    'another type': { type: 'webauthn.get' },
    'another origin': { origin: 'http://localhost:3001' },
    'another RP id': { rpId: 'example.com' },
    'no user verified': { flags: ['UP'] },
    'a page in a page': { clientData: { crossOrigin: true, topOrigin: 'https://evil.example' } },
    'backed up, not eligible': { flags: ['UP', 'UV', 'BS'] },
    'a key that was not offered': { key: curve },
    'an id of 1024 bytes': { id: randomBytes(1024) },
    'leftover bytes': { leftover: Buffer.from([1]) },
    'deep CBOR': { statement: Buffer.alloc(7000, 0x81) },
    'a challenge that is not ours': { clientData: { challenge: randomBytes(72).toString('base64url') } }
  }
  for (const [what, lies] of Object.entries(wrong)) {
    const answer = await register(tokens, key.create(await creation(app, tokens), lies))
    t.match(brief(answer), { status: answer.statusCode === 422 ? 422 : 401 }, what)
    t.match(answer.json().code, lies.id ? /^invalid_request|token_invalid$/ : 'token_invalid', what)
  }
  const options = await creation(app, tokens)
  const elsewhere = await signIn(app, account)
  t.match(brief(await register(elsewhere, key.create(options))), { status: 422, code: 'token_invalid' }, 'the challenge of another session')
  app.clock.advance(600_000)
  t.match(brief(await register(await signIn(app, account), key.create(options))), { code: 'token_invalid' })
  t.equal((await app.database`select 1 from passkeys where user_id = ${account.user.id}`).length, 0)
  t.strictSame(await mailsTo(account.user.id), [])
})

t.test('whatever attestation a client sends, the passkey is added as unattested', async t => {
  const { tokens } = await joined()
  const statement = Buffer.concat([Buffer.from([0xa2]), text('sig'), bytes(randomBytes(70)), text('x5c'), Buffer.from([0x81]), bytes(randomBytes(200))])
  const key = createAuthenticator({ origin })
  t.match(await register(tokens, key.create(await creation(app, tokens), { fmt: 'android-key', statement })), { statusCode: 201 })
  t.match(await enter(app, { key }), { statusCode: 200 })
})

t.test('a body of any other form is refused, and no bytes are an error of the server', async t => {
  const { account, tokens } = await joined()
  const key = createAuthenticator({ origin })
  const good = key.create(await creation(app, tokens))
  const { response } = good
  for (const credential of [
    null, {}, { ...good, type: 'x' }, { ...good, response: { ...response, attestationObject: 'x'.repeat(10_924) } }, { ...good, response: { ...response, transports: ['a b'] } },
    { ...good, response: { ...response, transports: Array(17).fill('usb') } }, { ...good, clientExtensionResults: { credProps: { rk: 'yes' } } }
  ]) t.match(await register(tokens, credential as object), { statusCode: 422 }, JSON.stringify(credential).slice(0, 60))
  for (const wrong of [undefined, '', 'x'.repeat(65), '\u0000', '\ud800']) {
    const { statusCode } = await as(app, tokens.access_token, 'POST', '/auth/passkeys', { credential: good, name: wrong })
    t.ok([400, 422].includes(statusCode), String(statusCode))
  }

  const object = Buffer.from(response.attestationObject, 'base64url')
  for (let n = 0; n < 60; n++) {
    const cut = Buffer.concat([object.subarray(0, n * 3), randomBytes(1 + n)])
    const attestationObject = (n % 2 ? randomBytes(1 + n * 9) : cut).toString('base64url')
    t.match(brief(await register(tokens, { ...good, response: { ...response, attestationObject } })), { status: 422, code: 'token_invalid' })
  }
  t.equal((await app.database`select 1 from passkeys where user_id = ${account.user.id}`).length, 0)
  t.match(await register(tokens, { ...good, future: [1], response: { ...response, more: {} }, authenticatorAttachment: null }), { statusCode: 201 }, 'unknown members are let through')
})

t.test('a credential is added once: not twice at once, nor again, nor by another account', async t => {
  const [ada, bob] = [await joined(), await joined()]
  const key = createAuthenticator({ origin })
  const credential = key.create(await creation(app, ada.tokens))
  const answers = await Promise.all(Array.from({ length: 10 }, () => register(ada.tokens, credential)))
  t.equal(answers.filter(({ statusCode }) => statusCode === 201).length, 1)
  for (const answer of answers) t.ok([201, 401, 422, 503].includes(answer.statusCode), answer.body)

  const copied = key.create(await creation(app, bob.tokens))
  t.match(brief(await register(bob.tokens, copied)), { status: 409, code: 'conflict' })
  t.equal((await app.database`select 1 from passkeys where user_id = ${bob.account.user.id}`).length, 0)
  t.strictSame(await mailsTo(bob.account.user.id), [])

  const [one, two] = [await joined(), await joined()]
  const shared = createAuthenticator({ origin })
  const first = shared.create(await creation(app, one.tokens))
  const second = shared.create(await creation(app, two.tokens))
  const both = await Promise.all([register(one.tokens, first), register(two.tokens, second)])
  t.strictSame(both.map(({ statusCode }) => statusCode).sort(), [201, 409])
})

t.test('an account has twenty passkeys at most', async t => {
  const ada = await holder(app)
  const strong: Tokens = (await enter(app, ada)).json()
  const options = await creation(app, strong)
  await app.database`insert into passkeys (id, user_id, credential_id, public_key, algorithm, sign_count, user_verified, backup_eligible, backed_up, transports, rp_id, name, created_at) select gen_random_uuid(), ${ada.user.id}, sha256(gen_random_uuid()::text::bytea), 'key', -7, 0, true, true, true, '{}', 'localhost', 'x', now() from generate_series(2, 20)`
  t.match(brief(await as(app, strong.access_token, 'POST', '/auth/passkeys/options')), { status: 409, code: 'conflict' })
  t.match(brief(await register(strong, createAuthenticator({ origin }).create(options))), { status: 409, code: 'conflict' })
})

t.test('the password alone touches no factor of an account with a passkey, and neither does a sign-in that is not recent', async t => {
  const ada = await holder(app)
  const fresh = createAuthenticator({ origin })
  const strong: Tokens = (await enter(app, ada)).json()
  const options = await creation(app, strong)
  const weak = await signIn(app, ada)
  const before = await stored(ada.user.id)
  const touching = [
    ['POST', '/auth/passkeys/options'], ['POST', '/auth/passkeys', { credential: fresh.create(options), name }], ['DELETE', `/auth/passkeys/${ada.passkeyId}`],
    ['POST', '/auth/totp'], ['PUT', '/auth/two-step', { enabled: true }], ['POST', '/auth/recovery-codes']
  ] as const
  const due = { status: 401, code: 'reauthentication_required', max_age: 600, acr_values: 'urn:latchkey:acr:2fa phr' }
  for (const [method, path, body] of touching) t.match((await as(app, weak.access_token, method, path, body)).json(), due, `${method} ${path} by the password alone`)
  app.clock.advance(601_000)
  for (const [method, path, body] of touching) t.match((await as(app, strong.access_token, method, path, body)).json(), { ...due, acr_values: 'phr' }, `${method} ${path} too late`)
  t.strictSame(await stored(ada.user.id), before)
  t.strictSame(await mailsTo(ada.user.id), ['passkey_added'])
})

t.test('a passkey is renamed by its owner only', async t => {
  const [ada, bob] = [await holder(app), await holder(app)]
  t.match((await as(app, ada.tokens.access_token, 'PATCH', `/auth/passkeys/${ada.passkeyId}`, { name: 'Old phone' })).json(), { passkey: { id: ada.passkeyId, name: 'Old phone' } })
  t.match(brief(await as(app, bob.tokens.access_token, 'PATCH', `/auth/passkeys/${ada.passkeyId}`, { name: 'Mine' })), { status: 404 })
  t.match(brief(await as(app, ada.tokens.access_token, 'PATCH', `/auth/passkeys/${randomUUID()}`, { name })), { status: 404 })
  for (const wrong of [undefined, '', ' ', 'x'.repeat(65), 'two\nlines', 7]) t.match(await as(app, ada.tokens.access_token, 'PATCH', `/auth/passkeys/${ada.passkeyId}`, { name: wrong }), { statusCode: 422 })
  t.match((await as(app, ada.tokens.access_token, 'GET', '/auth/passkeys')).json(), { passkeys: [{ name: 'Old phone' }] })
})

t.test('a removed passkey is unknown, and every other session ends', async t => {
  const ada = await holder(app)
  const strong: Tokens = (await enter(app, ada)).json()
  const bob = await holder(app)
  t.match(brief(await as(app, (await enter(app, bob)).json().access_token, 'DELETE', `/auth/passkeys/${ada.passkeyId}`)), { status: 404 })

  const gone = await as(app, strong.access_token, 'DELETE', `/auth/passkeys/${ada.passkeyId}`)
  t.equal(gone.statusCode, 200, gone.body)
  t.match(claimsOf(gone.json()), { sid: strong.session.id, amr: ['user'], acr: 'urn:latchkey:acr:1fa' })
  t.match((await refresh(app, ada.tokens.refresh_token)).json(), { code: 'session_ended', reason: 'factors_changed' })
  t.match(brief(await as(app, strong.access_token, 'GET', '/auth/me')), { code: 'invalid_token' })
  t.match(brief(await enter(app, ada)), { code: 'passkey_unknown' })
  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_factor_removed'), [{ reason: 'passkey' }])
  t.match((await mailJobs(app, 'factor_removed')).filter(({ userId }) => userId === ada.user.id), [{ what: 'passkey' }])
})

t.test('an account with two steps keeps a factor, whichever is removed first, and whoever is faster', async t => {
  const ada = await holder(app)
  let tokens: Tokens = (await enter(app, ada)).json()
  tokens = (await as(app, tokens.access_token, 'PUT', '/auth/two-step', { enabled: true })).json()
  t.match(brief(await as(app, tokens.access_token, 'DELETE', `/auth/passkeys/${ada.passkeyId}`)), { status: 409, code: 'last_factor' })

  const second = createAuthenticator({ origin })
  const secondId = await add(app, tokens, second)
  const answers = await Promise.all([ada.passkeyId, secondId].map((id, n) => as(n ? app : other, tokens.access_token, 'DELETE', `/auth/passkeys/${id}`)))
  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  for (const answer of answers) t.ok([200, 401, 409, 503].includes(answer.statusCode), answer.body)
  t.match(await as(app, answers.find(({ statusCode }) => statusCode === 200)?.json().access_token, 'GET', '/auth/second-factors'), { statusCode: 200 })
  const [left] = await app.database<{ id: string }>`select id from passkeys where user_id = ${ada.user.id}`
  const key = left?.id === secondId ? second : ada.key
  const next: Tokens = (await enter(app, { key })).json()
  t.match(brief(await as(app, next.access_token, 'DELETE', `/auth/passkeys/${left?.id}`)), { status: 409, code: 'last_factor' })
})

t.test('two steps are switched in the audit trail without the name of a factor', async t => {
  const ada = await holder(app)
  const on: Tokens = (await as(app, (await enter(app, ada)).json().access_token, 'PUT', '/auth/two-step', { enabled: true })).json()
  t.match(await as(app, on.access_token, 'PUT', '/auth/two-step', { enabled: false }), { statusCode: 200 })

  t.match((await trail(app, ada.user.id)).filter(({ event }) => /two_step/.test(event)), [
    { event: 'authn_two_step_enabled', reason: null, actorId: ada.user.id },
    { event: 'authn_two_step_disabled', reason: null, actorId: ada.user.id }
  ])
})

t.test('an authenticator app may go while a passkey stays, and the recovery codes stay with it', async t => {
  const ada = await guarded(app)
  let tokens = await byCode(ada)
  const key = createAuthenticator({ origin })
  const passkeyId = await add(app, tokens, key)
  t.match((await post(app, '/auth/login', { email: ada.email, password })).json(), { methods: ['passkey', 'totp', 'recovery_code'] })

  tokens = (await as(app, tokens.access_token, 'DELETE', '/auth/totp')).json()
  t.match((await as(app, tokens.access_token, 'GET', '/auth/second-factors')).json(), { two_step: true, totp: null, passkeys: [{ id: passkeyId }], recovery_codes: { left: 10 } })
  t.match((await mailJobs(app, 'factor_removed')).filter(({ userId }) => userId === ada.user.id), [{ what: 'totp' }])
  t.match((await post(app, '/auth/login', { email: ada.email, password })).json(), { code: 'mfa_required', methods: ['passkey', 'recovery_code'] })

  const strong: Tokens = (await enter(app, { key })).json()
  t.match(await as(app, strong.access_token, 'POST', '/auth/recovery-codes'), { statusCode: 200 })
  const off: Tokens = (await as(app, strong.access_token, 'PUT', '/auth/two-step', { enabled: false })).json()
  await as(app, off.access_token, 'DELETE', `/auth/passkeys/${passkeyId}`)
  t.strictSame(await app.database`select number from recovery_codes where user_id = ${ada.user.id}`, [], 'without any factor they go')
})

t.test('an authenticator app is added by a session that a passkey has opened', async t => {
  const ada = await holder(app)
  const strong: Tokens = (await enter(app, ada)).json()
  const { id, secret } = (await as(app, strong.access_token, 'POST', '/auth/totp')).json()
  const confirmed = await as(app, strong.access_token, 'POST', `/auth/totp/${id}/confirm`, { code: codeAt(app, { secret: fromBase32(secret) }) })
  t.match(claimsOf(confirmed.json()), { amr: ['pop', 'user', 'otp', 'mfa'], acr: 'phr' })
  t.equal(confirmed.json().recovery_codes.length, 10)
})

t.test('a passkey is what a role demands, added by a session that may do nothing else', async t => {
  for (const demand of ['required', 'phishing_resistant']) {
    const { account } = await joined()
    await demandOf(account.user.id, demand)
    const due = await signIn(app, account)
    t.match(brief(await as(app, due.access_token, 'GET', '/auth/sessions')), { status: 403, code: 'second_factor_enrollment_required' })

    const key = createAuthenticator({ origin })
    const id = await add(app, due, key)
    t.match((await post(app, '/auth/login', { email: account.email, password })).json(), { code: 'mfa_required', methods: ['passkey'] }, 'from now on the password alone is too little')
    const options = (await as(app, due.access_token, 'POST', '/auth/reauthenticate/options')).json().public_key
    const strong: Tokens = (await as(app, due.access_token, 'POST', '/auth/reauthenticate', { credential: key.get(options) })).json()
    t.match(await as(app, strong.access_token, 'GET', '/auth/sessions'), { statusCode: 200 })
    t.match(await as(app, (await enter(app, { key })).json().access_token, 'GET', '/auth/sessions'), { statusCode: 200 })
    t.match(brief(await as(app, strong.access_token, 'DELETE', `/auth/passkeys/${id}`)), { status: 409, code: 'last_factor' })
  }
})

t.test('of an app and a passkey either may go where a role demands a factor, and only the app where it must resist phishing', async t => {
  for (const [demand, status] of [['required', 200], ['phishing_resistant', 409]] as const) {
    const ada = await guarded(app)
    const tokens = await byCode(ada)
    const key = createAuthenticator({ origin })
    const id = await add(app, tokens, key)
    await app.database`update users set two_step = false where id = ${ada.user.id}`
    await demandOf(ada.user.id, demand)
    const strong: Tokens = (await enter(app, { key })).json()
    t.match(brief(await as(app, strong.access_token, 'DELETE', `/auth/passkeys/${id}`)), { status }, demand)
    if (status === 409) t.match(await as(app, strong.access_token, 'DELETE', '/auth/totp'), { statusCode: 200 })
  }
})

t.test('an invited or reset password leaves the passkeys as they are', async t => {
  const ada = await holder(app)
  const token = await app.database.begin(async tx => app.oneTimeTokens.tokenOf('password_reset', await app.oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: ada.user.id })))
  t.match(await post(app, '/auth/password/reset', { token, new_password: 'seven quiet herons over reeds' }), { statusCode: 200 })
  t.match(await enter(app, ada), { statusCode: 200 })
})

t.test('where pages of other domains use the passkeys, browsers are told all of them', async t => {
  t.match(await app.inject('/.well-known/webauthn'), { statusCode: 404 })
  const settings = Object.assign({}, deployment, { PASSKEY_ORIGINS: 'http://localhost:3000,https://app.example.net' })
  const related = await start(t, settings, { workers: false, hasher: cheapHasher, clock: app.clock })
  t.strictSame((await related.inject('/.well-known/webauthn')).json(), { origins: ['http://localhost:3000', 'https://app.example.net'] })
  const { tokens } = await joined()
  const key = createAuthenticator({ origin: 'https://app.example.net' })
  await add(related, tokens, key)
  t.match(await enter(related, { key }), { statusCode: 200 })
  t.match(brief(await enter(app, { key })), { code: 'invalid_credentials' }, 'only where it is listed')
  const headers = { host: 'evil.example', origin: 'https://app.example.net', 'x-forwarded-host': 'app.example.net' }
  t.not((await post(app, '/auth/login/passkey', { credential: key.get({ challenge: 'x', rpId: 'localhost' }) }, headers)).statusCode, 200)
})

/** Gives the account a role that demands a factor. */
async function demandOf (userId: string, demand: string) {
  const role = `role_${randomBytes(6).toString('hex')}`
  await app.database`insert into roles (name, rank, user_type, second_factor) values (${role}, 30, 'staff', ${demand})`
  await app.roles.reload()
  await app.database`update users set role = ${role} where id = ${userId}`
}

async function joined () {
  const account = await signUp(app)
  return { account, tokens: await signIn(app, account) }
}

async function byCode (ada: Awaited<ReturnType<typeof guarded>>): Promise<Tokens> {
  const { mfa_token: token } = (await post(app, '/auth/login', { email: ada.email, password })).json()
  return (await post(app, '/auth/login/second-factor', { mfa_token: token, code: codeAt(app, ada) })).json()
}

async function register ({ access_token: token }: Pick<Tokens, 'access_token'>, credential: object) {
  return await as(app, token, 'POST', '/auth/passkeys', { credential, name })
}

async function mailsTo (userId: string) {
  return (await mailJobs(app)).filter(mail => mail['userId'] === userId && /factor|passkey|recovery/.test(mail.kind)).map(({ kind }) => kind)
}

async function stored (userId: string) {
  return JSON.stringify([
    await app.database`select id, name from passkeys where user_id = ${userId}`, await app.database`select id from totp_secrets where user_id = ${userId}`,
    await app.database`select two_step, session_epoch from users where id = ${userId}`
  ])
}

function claimsOf ({ access_token: token }: Pick<Tokens, 'access_token'>) {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}
