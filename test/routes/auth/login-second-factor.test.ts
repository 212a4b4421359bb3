import { randomBytes, randomUUID } from 'node:crypto'
import t from 'tap'
import { codeAt, guarded, mailedToken, nextStep } from '../../support/accounts/factors.ts'
import type { Guarded } from '../../support/accounts/factors.ts'
import { brief, disable } from '../../support/accounts/people.ts'
import { introspect, makeService } from '../../support/accounts/services.ts'
import { openBrowser } from '../../support/cookie-jar.ts'
import { connect } from '../../support/database.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, password, post, refresh, signIn, signUp, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { mailJobs, trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const deployment = await deploy(t, { DB_POOL_MAX: '20' })
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })

t.test('after the right password the second factor is asked for, and nothing else has happened', async t => {
  const ada = await guarded(app)
  const answer = await login(ada)

  t.match(answer.json(), { status: 401, code: 'mfa_required', expires_in: 300, methods: ['totp', 'recovery_code'], acr_values: 'urn:latchkey:acr:2fa phr', mfa_token: /^[\w-]{120}$/ })
  t.equal(answer.headers['www-authenticate'], 'Bearer error="insufficient_user_authentication", acr_values="urn:latchkey:acr:2fa phr"')
  t.notOk(answer.headers['set-cookie'])
  t.strictSame(Object.keys(answer.json()).filter(name => /access|refresh|device|user|session/.test(name)), [])
  const [row] = await app.database<{ lastLoginAt: Date | null }>`select last_login_at from users where id = ${ada.user.id}`
  t.equal(row?.lastLoginAt, null)
  t.equal(await sessionsOf(ada), 0)
  t.equal((await app.database`select 1 from known_devices where user_id = ${ada.user.id}`).length, 1, 'that of the sign-up')
  t.match((await trail(app, ada.user.id)).at(-1), { event: 'authn_second_factor_required', outcome: 'success', reason: 'login', read: { ip: '127.0.0.1' } })
})

t.test('a code of the authenticator app opens the session', async t => {
  const ada = await guarded(app)
  const answer = await complete(await pendingOf(ada), { code: codeAt(app, ada), device_name: 'Ada’s phone' })

  t.equal(answer.statusCode, 200, answer.body)
  const tokens: Tokens = answer.json()
  t.strictSame(Object.keys(tokens).sort(), ['access_token', 'device_token', 'expires_in', 'refresh_expires_in', 'refresh_token', 'session', 'token_type', 'user'])
  t.match(claimsOf(tokens), { amr: ['pwd', 'otp', 'mfa'], acr: 'urn:latchkey:acr:2fa' })
  t.match((await as(app, tokens.access_token, 'GET', '/auth/sessions')).json(), { sessions: [{ device_name: 'Ada’s phone', amr: ['pwd', 'otp', 'mfa'], acr: 'urn:latchkey:acr:2fa' }] })
  t.match(await as(app, tokens.access_token, 'GET', '/auth/check?acr=2fa&max_age=60'), { statusCode: 204 })
  t.match((await trail(app, ada.user.id)).at(-1), { event: 'authn_login_success', reason: 'totp', sessionId: tokens.session.id, actorId: ada.user.id })
  t.match(claimsOf((await refresh(app, tokens.refresh_token)).json()), { amr: ['pwd', 'otp', 'mfa'], acr: 'urn:latchkey:acr:2fa' }, 'a refresh keeps what was proved')
})

t.test('the second step may be at another node, when the first is gone and Redis has lost everything', async t => {
  const ada = await guarded(app)
  const first = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
  const { mfa_token: token } = (await post(first, '/auth/login', { email: ada.email, password })).json()
  await first.close()
  const keys = await app.redis.keys(`${deployment.REDIS_KEY_PREFIX}*`)
  for (const key of keys) await app.redis.del(key.slice(deployment.REDIS_KEY_PREFIX.length))
  t.match(await post(other, '/auth/login/second-factor', { mfa_token: token, code: codeAt(app, ada) }), { statusCode: 200 })
})

t.test('a code works once: of twenty uses at once one opens a session, and none later, whatever Redis has lost', async t => {
  const ada = await guarded(app)
  const token = await pendingOf(ada)
  const code = codeAt(app, ada)
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => post(n % 2 ? app : other, '/auth/login/second-factor', { mfa_token: token, code })))

  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  for (const answer of answers) t.ok([200, 401, 429, 503].includes(answer.statusCode), answer.body)
  t.equal(await sessionsOf(ada), 1)

  nextStep(app)
  await forgetGuesses(ada)
  t.match((await complete(await pendingOf(ada), { code })).json(), { status: 401, code: 'invalid_credentials' })
  t.match(await complete(await pendingOf(ada), { code: codeAt(app, ada) }), { statusCode: 200 })
  t.match((await complete(await pendingOf(ada), { code: codeAt(app, ada, -1) })).json(), { code: 'invalid_credentials' }, 'nor one from before a used one')
})

t.test('the current code and the one before work, no other', async t => {
  const ada = await guarded(app)
  for (const steps of [-2, 1, 2]) t.match(brief(await complete(await pendingOf(ada), { code: codeAt(app, ada, steps) })), { status: 401, code: 'invalid_credentials' }, String(steps))
  t.match(await complete(await pendingOf(ada), { code: ` ${codeAt(app, ada, -1).replace(/(...)/, '$1 ')}` }), { statusCode: 200 }, 'as apps show it')

  const strict = await start(t, Object.assign({}, deployment, { TOTP_STEPS_BACK: '0' }), { workers: false, hasher: cheapHasher, clock: app.clock })
  const bob = await guarded(app)
  t.match(await post(strict, '/auth/login/second-factor', { mfa_token: await pendingOf(bob), code: codeAt(app, bob, -1) }), { statusCode: 401 })
})

t.test('a recovery code works once: of thirty uses at once one opens a session', async t => {
  const ada = await guarded(app)
  const token = await pendingOf(ada)
  const [code = '', spare = ''] = ada.recoveryCodes
  const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => post(n % 2 ? app : other, '/auth/login/second-factor', { mfa_token: token, recovery_code: code })))

  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  t.equal(await sessionsOf(ada), 1)
  t.equal((await app.database`select 1 from recovery_codes where user_id = ${ada.user.id}`).length, 9)
  t.match((await mailJobs(app, 'recovery_code_used')).filter(({ userId }) => userId === ada.user.id), [{ left: 9 }])
  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_login_success'), [{ reason: 'recovery_code' }])

  await forgetGuesses(ada)
  t.match((await complete(await pendingOf(ada), { recovery_code: code })).json(), { code: 'invalid_credentials' })
  t.match(await complete(await pendingOf(ada), { recovery_code: spare.toLowerCase().replaceAll('-', ' ') }), { statusCode: 200 })
})

t.test('no store holds a code or a secret', async t => {
  const ada = await guarded(app)
  await complete(await pendingOf(ada), { recovery_code: ada.recoveryCodes[0] })
  const rows = JSON.stringify([
    await app.database`select t::text as row from totp_secrets t`, await app.database`select r::text as row from recovery_codes r`,
    await app.database`select j::text as row from jobs j`, (await trail(app, ada.user.id)).map(({ read }) => read)
  ])
  for (const secret of [ada.secret.toString('hex'), ada.secret.toString('base64'), ...ada.recoveryCodes, ...ada.recoveryCodes.map(code => code.replaceAll('-', ''))]) t.notOk(rows.includes(secret))
})

t.test('a proof that is wrong is one answer, whatever is wrong with it', async t => {
  const ada = await guarded(app)
  for (const proof of [{ code: '000000' }, { code: 'x' }, { recovery_code: 'AAAA-AAAA-AAAA-AAAA-AAAA-AAAA' }, { recovery_code: ada.recoveryCodes[0]?.slice(1) }]) {
    const answer = await complete(await pendingOf(ada), proof)
    t.match(answer.json(), { status: 401, code: 'invalid_credentials', detail: 'The second factor is wrong, or has been used already.' }, JSON.stringify(proof))
    t.strictSame(Object.keys(answer.json()), ['type', 'title', 'status', 'detail', 'code', 'request_id'])
  }
  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_login_fail').map(({ reason }) => reason), ['totp', 'totp', 'recovery_code', 'recovery_code'])
  t.equal(await sessionsOf(ada), 0)
  const token = await pendingOf(ada)
  for (const body of [{}, { code: 1 }, { code: '' }, { code: '1', recovery_code: '2' }, { code: '1', transport: 'bearer' }, { code: '1', user_id: ada.user.id }]) t.match(await complete(token, body), { statusCode: 422 }, JSON.stringify(body))
  t.match((await post(app, '/auth/login/second-factor', { code: '000000' })).json(), { code: 'invalid_request', errors: [{ path: '/mfa_token' }] })
})

t.test('wrong codes shut a bucket whatever token they come with, and then the right one is refused too', async t => {
  const ada = await guarded(app)
  const tokens = await Promise.all(Array.from({ length: 6 }, () => pendingOf(ada)))
  const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => complete(tokens[n % 6] ?? '', { code: String(n).padStart(6, '0') })))

  t.ok(answers.filter(({ statusCode }) => statusCode === 401).length <= 5, 'five are looked at')
  t.ok(answers.every(({ statusCode }) => [401, 429, 503].includes(statusCode)))
  t.match((await complete(await pendingOf(ada), { code: codeAt(app, ada) })).json(), { status: 429, code: 'too_many_attempts' }, 'nor does a new sign-in change that')
  t.equal((await mailJobs(app, 'password_known')).filter(({ userId }) => userId === ada.user.id).length, 1, 'the owner is told, once')
  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_login_lock'), [{ reason: 'totp' }])

  t.match(await complete(await pendingOf(ada), { recovery_code: ada.recoveryCodes[0] }), { statusCode: 200 }, 'recovery codes have a bucket of their own')
})

t.test('the owner is told once, though the codes of the app and the recovery codes are shut one after the other', async t => {
  const ada = await guarded(app)
  for (let n = 0; n < 5; n++) await complete(await pendingOf(ada), { code: '000000' })
  for (let n = 0; n < 5; n++) await complete(await pendingOf(ada), { recovery_code: 'AAAA-AAAA-AAAA-AAAA-AAAA-AAAA' })

  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_login_lock'), [{ reason: 'totp' }, { reason: 'recovery_code' }])
  t.equal((await mailJobs(app, 'password_known')).filter(({ userId }) => userId === ada.user.id).length, 1)
})

t.test('wrong passwords leave the codes open, and wrong codes the passwords', async t => {
  const ada = await guarded(app)
  const token = await pendingOf(ada)
  for (let n = 0; n < 6; n++) await post(app, '/auth/login', { email: ada.email, password: 'not the password' })
  t.match((await login(ada)).json(), { code: 'too_many_attempts' })
  t.match(await complete(token, { code: codeAt(app, ada) }), { statusCode: 200 })

  const bob = await guarded(app)
  for (let n = 0; n < 6; n++) await complete(await pendingOf(bob), { code: '000000' })
  t.match((await login(bob)).json(), { code: 'mfa_required' })
})

t.test('a stranger cannot shut out a device that has passed a second factor, and a mailed reset makes none', async t => {
  const ada = await guarded(app)
  const phone: Tokens = (await complete(await pendingOf(ada), { code: codeAt(app, ada) })).json()
  for (let n = 0; n < 6; n++) await complete(await pendingOf(ada), { code: '000000' })
  t.match((await complete(await pendingOf(ada, { device_token: ada.deviceToken }), { code: '000000' })).json(), { code: 'too_many_attempts' }, 'the device of the sign-up has passed none')
  nextStep(app)
  const known = await pendingOf(ada, { device_token: phone.device_token })
  t.match(await complete(known, { code: codeAt(app, ada) }), { statusCode: 200 })
})

t.test('after a hundred wrong codes strangers are asked for none any more, and a device that is known still is', async t => {
  const ada = await guarded(app)
  const phone: Tokens = (await complete(await pendingOf(ada), { code: codeAt(app, ada) })).json()
  nextStep(app)
  for (let n = 0; n < 3; n++) await complete(await pendingOf(ada), { code: '000000' })
  t.match(await app.database`select strangers_failures from totp_secrets where user_id = ${ada.user.id}`, [{ strangersFailures: 3 }])
  await app.database`update totp_secrets set strangers_failures = 100 where user_id = ${ada.user.id}`
  t.match((await complete(await pendingOf(ada), { code: codeAt(app, ada) })).json(), { code: 'too_many_attempts' })
  const known = await pendingOf(ada, { device_token: phone.device_token })
  t.match(await complete(known, { code: codeAt(app, ada) }), { statusCode: 200 })
  t.match(await complete(await pendingOf(ada), { recovery_code: ada.recoveryCodes[0] }), { statusCode: 200 })
})

t.test('the token of the first step opens nothing: it is no session', async t => {
  const ada = await guarded(app)
  const token = await pendingOf(ada)
  const service = await makeService(app)

  t.match((await as(app, token, 'GET', '/auth/me')).json(), { status: 401, code: 'invalid_token' })
  t.match((await as(app, token, 'POST', '/auth/reauthenticate', { password })).json(), { code: 'invalid_token' })
  t.match((await refresh(app, token)).json(), { code: 'invalid_token' })
  t.equal((await introspect(app, service, token)).body, '{"active":false}')
  t.match((await post(app, '/auth/password/reset', { token, new_password: 'seven quiet herons over reeds' })).json(), { code: 'token_invalid' })
  t.match((await post(app, '/auth/email/confirm', { token })).json(), { code: 'token_invalid' })
  t.equal(app.deviceTokens.read(token), null)
  t.match((await login(ada, { device_token: token })).json(), { code: 'mfa_required' })
  await post(app, '/auth/logout', { refresh_token: token })
  t.match(await complete(token, { code: codeAt(app, ada) }), { statusCode: 200 }, 'and it was not used up')

  const { refresh_token: refreshToken, device_token: deviceToken, access_token: accessToken } = await signIn(app)
  const changed = token.replace(/.$/, last => last === 'A' ? 'B' : 'A')
  for (const foreign of [refreshToken, deviceToken, accessToken, 'x', changed]) {
    t.match((await complete(foreign, { code: '000000' })).json(), { status: 422, code: 'token_invalid' }, foreign.slice(0, 20))
  }
})

t.test('the first step is over after five minutes', async t => {
  const ada = await guarded(app)
  const token = await pendingOf(ada)
  app.clock.advance(299_000)
  t.match(brief(await complete(token, { code: '000000' })), { code: 'invalid_credentials' })
  app.clock.advance(2000)
  t.match(brief(await complete(token, { code: codeAt(app, ada) })), { status: 422, code: 'token_invalid' })
})

t.test('whatever happens to the account between the steps ends the sign-in, and uses nothing up', async t => {
  const events: Record<string, (ada: Guarded) => Promise<unknown>> = {
    'a reset of the password': async ada => {
      const token = await app.database.begin(async tx => app.oneTimeTokens.tokenOf('password_reset', await app.oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: ada.user.id })))
      t.match(await post(app, '/auth/password/reset', { token, new_password: 'seven quiet herons over reeds' }), { statusCode: 200 })
    },
    'a disabled account': ada => disable(app, ada.user.id),
    'a sign-out everywhere': async ada => {
      nextStep(app)
      const { access_token: token } = (await complete(await pendingOf(ada), { code: codeAt(app, ada) })).json()
      await as(app, token, 'POST', '/auth/logout', { scope: 'everywhere' })
      nextStep(app)
    },
    'two steps switched off': ada => app.database`update users set two_step = false, session_epoch = session_epoch + 1 where id = ${ada.user.id}`,
    'a rejection': ada => app.database`update users set approval = 'rejected' where id = ${ada.user.id}`,
    'a status that was written past this API': ada => app.database`update users set status = 'disabled' where id = ${ada.user.id}`,
    'a suspended vendor': ada => app.database`
      with shut as (insert into vendors (name, status) values ('Shut', 'suspended') returning id)
      update users set vendor_id = (select id from shut) where id = ${ada.user.id}`,
    'a sign-out of everybody': () => app.database`update deployment set session_epoch = session_epoch + 1`,
    erasure: ada => app.database`delete from users where id = ${ada.user.id}`
  }
  for (const [what, happen] of Object.entries(events)) {
    const ada = await guarded(app)
    const token = await pendingOf(ada)
    await happen(ada)
    const before = await sessionsOf(ada)
    t.match(brief(await complete(token, { code: '000000' })), { status: 422, code: 'token_invalid' }, `${what}: no code is looked at`)
    t.match(brief(await complete(token, { code: codeAt(app, ada) })), { status: 422, code: 'token_invalid' }, what)
    t.match(brief(await complete(token, { recovery_code: ada.recoveryCodes[0] })), { status: 422, code: 'token_invalid' }, what)
    t.equal(await sessionsOf(ada), before, `${what}: no session`)
    if (what !== 'erasure') t.equal((await app.database`select 1 from recovery_codes where user_id = ${ada.user.id}`).length, 10, `${what}: no code is used up`)
  }
})

t.test('a sign-out that wins the race while the code is checked uses nothing up', async t => {
  const ada = await guarded(app)
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  for (const proof of [{ recovery_code: ada.recoveryCodes[0] }, { code: codeAt(app, ada) }]) {
    const token = await pendingOf(ada)
    const answer = await sql.begin(async held => {
      await held`update users set session_epoch = session_epoch + 1 where id = ${ada.user.id}`
      const answering = complete(token, proof)
      await until(async () => (await app.database`select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).length > 0)
      return { answering }
    })
    t.match(brief(await answer.answering), { status: 422, code: 'token_invalid' })
    t.match(await complete(await pendingOf(ada), proof), { statusCode: 200 }, 'it still works')
  }
})

t.test('a reset of the password leaves the factors alone, and signs nobody in without them', async t => {
  const ada = await guarded(app)
  const token = await app.database.begin(async tx => app.oneTimeTokens.tokenOf('password_reset', await app.oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: ada.user.id })))
  const reset = await post(app, '/auth/password/reset', { token, new_password: 'seven quiet herons over reeds' })
  t.strictSame(Object.keys(reset.json()), ['device_token'])
  const answer = await post(app, '/auth/login', { email: ada.email, password: 'seven quiet herons over reeds', device_token: reset.json().device_token })
  t.match(answer.json(), { code: 'mfa_required' })
  t.match(await complete(answer.json().mfa_token, { code: codeAt(app, ada) }), { statusCode: 200 })
})

t.test('in a browser the token is a cookie and in no body', async t => {
  const ada = await guarded(app)
  const browser = openBrowser(app)
  const first = await browser.send('POST', '/auth/login', { email: ada.email, password, transport: 'cookie' })
  t.match(first.json(), { status: 401, code: 'mfa_required', expires_in: 300, methods: ['totp', 'recovery_code'] })
  t.notOk('mfa_token' in first.json())
  t.match(first.headers['set-cookie'], /^__Host-mfa=[\w-]{120}; Max-Age=300; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
  const [, value = ''] = /__Host-mfa=([\w-]+)/.exec(String(first.headers['set-cookie'])) ?? []

  t.match(brief(await complete(value, { code: codeAt(app, ada) })), { code: 'token_invalid' }, 'it is refused through the other door')
  const foreign = await app.inject({ method: 'POST', url: '/api/v1/auth/login/second-factor', headers: { cookie: `__Host-mfa=${value}`, origin: 'https://evil.example' }, payload: { code: codeAt(app, ada) } })
  t.match(foreign.json(), { status: 403, code: 'csrf' })
  t.match(brief(await browser.send('POST', '/auth/login/second-factor', { code: codeAt(app, ada), mfa_token: value })), { status: 400 })

  const second = await browser.send('POST', '/auth/login/second-factor', { code: codeAt(app, ada) })
  t.match(second, { statusCode: 200 })
  t.strictSame(Object.keys(second.json()).sort(), ['expires_in', 'refresh_expires_in', 'session', 'user'])
  t.match([second.headers['set-cookie']].flat().find(cookie => cookie?.startsWith('__Host-mfa')), /^__Host-mfa=; Max-Age=0/)
  t.match(await browser.send('GET', '/auth/me'), { statusCode: 200 })

  await browser.send('POST', '/auth/login', { email: ada.email, password, transport: 'cookie' })
  app.clock.advance(301_000)
  const late = await browser.send('POST', '/auth/login/second-factor', { code: codeAt(app, ada) })
  t.match(late.json(), { status: 422, code: 'token_invalid' })
  t.match([late.headers['set-cookie']].flat().join(), /__Host-mfa=; Max-Age=0/, 'the browser forgets it')
})

t.test('a secret whose key is lost is 503: the password alone never does', async t => {
  const ada = await guarded(app)
  const lost = await start(t, Object.assign({}, deployment, { ENCRYPTION_KEY: `${randomBytes(32).toString('base64')},${deployment.ENCRYPTION_KEY}` }), { workers: false, hasher: cheapHasher, clock: app.clock })
  t.match(await post(lost, '/auth/login/second-factor', { mfa_token: await pendingOf(ada), code: codeAt(app, ada) }), { statusCode: 200 }, 'while the old key is listed')

  const bob = await guarded(app)
  await app.database`update totp_secrets set secret = decode('00000000', 'hex') || substring(secret from 5) where user_id = ${bob.user.id}`
  t.match(brief(await complete(await pendingOf(bob), { code: codeAt(app, bob) })), { status: 503, code: 'unavailable' })
  t.match(await complete(await pendingOf(bob), { recovery_code: bob.recoveryCodes[0] }), { statusCode: 200 })
})

t.test('nothing that was mailed stands in for a second factor', async t => {
  const ada = await guarded(app)
  const token = await mailedToken(app, 'password_reset', ada.user.id)
  const next = 'seven quiet herons over reeds'
  const { device_token: device } = (await post(app, '/auth/password/reset', { token, new_password: next })).json()
  const link = await mailedToken(app, 'second_factor_reset', ada.user.id)
  const pending = (await login(ada, { password: next, device_token: device })).json().mfa_token
  for (const mailed of [token, link, device]) {
    t.not((await complete(pending, { code: mailed })).statusCode, 200)
    t.not((await complete(pending, { recovery_code: mailed })).statusCode, 200)
  }
  const answer = await complete(pending, { reset_token: link })
  t.match(JSON.parse(Buffer.from(answer.json().access_token.split('.')[1], 'base64url').toString()), { amr: ['pwd'], acr: 'urn:latchkey:acr:1fa', must_enroll_second_factor: true })
  t.strictSame(await app.database`select 1 from sessions where user_id = ${ada.user.id} and amr @> '{mfa}'`, [])
})

t.test('accounts with and without two steps cannot be told apart without the password', async t => {
  const [ada, bob] = [await guarded(app), await signUp(app)]
  const answers = new Set<string>()
  for (let round = 0; round < 3; round++) {
    for (const { email } of [ada, bob, { email: `nobody-${randomUUID()}@example.com` }]) {
      const { headers, json } = await post(app, '/auth/login', { email, password: 'not the password' })
      const { request_id: _, ...body } = json()
      const { date: __, 'x-request-id': ___, ...rest } = headers
      answers.add(JSON.stringify({ body, rest }))
    }
  }
  t.equal(answers.size, 1)
})

async function login ({ email }: { email: string }, fields: object = {}) {
  return await post(app, '/auth/login', { email, password, ...fields })
}

async function pendingOf (account: { email: string }, fields: object = {}): Promise<string> {
  const answer = await login(account, fields)
  if (answer.json().code !== 'mfa_required') throw new Error(answer.body)
  return answer.json().mfa_token
}

async function complete (token: string, proof: object) {
  return await post(app, '/auth/login/second-factor', { mfa_token: token, ...proof })
}

async function sessionsOf ({ user }: { user: { id: string } }) {
  return (await app.database`select 1 from sessions where user_id = ${user.id}`).length
}

/** Opens the buckets of guesses at the second factor, as a Redis that has lost them does. */
async function forgetGuesses ({ user }: { user: { id: string } }) {
  await app.lockout.unlock((['totp', 'recovery_code'] as const).map(method => app.lockout.secondFactorOf(method, user.id, 'strangers')))
}

function claimsOf ({ access_token: token }: Pick<Tokens, 'access_token'>) {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}
