import { randomBytes } from 'node:crypto'
import t from 'tap'
import type { Transaction } from '../../../lib/stores/database.ts'
import { createAuthenticator } from '../../support/accounts/authenticator.ts'
import type { Lies } from '../../support/accounts/authenticator.ts'
import { creation, enter, holder, origin, request } from '../../support/accounts/passkeys.ts'
import type { Holder } from '../../support/accounts/passkeys.ts'
import { brief, disable } from '../../support/accounts/people.ts'
import { openBrowser } from '../../support/cookie-jar.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, password, post, refresh, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { eventsOf, mailJobs, trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const deployment = await deploy(t, { DB_POOL_MAX: '20', ACCESS_TOKEN_TTL: '1h' })
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })

t.test('the options are alike for everybody and no store is asked for them', async t => {
  const [first, second] = [await request(app), await request(app)]
  t.strictSame({ ...first, challenge: '' }, { challenge: '', rpId: 'localhost', timeout: 300_000, allowCredentials: [], userVerification: 'required' })
  t.match(first.challenge, /^[\w-]{96}$/)
  t.not(first.challenge, second.challenge)
  t.match((await post(app, '/auth/login/passkey/options')).json(), { expires_in: 600 })
  t.match(await post(app, '/auth/login/passkey/options', { email: 'ada@example.com' }), { statusCode: 422 }, 'no address is taken')
})

t.test('a passkey opens a session by itself, and it has proved both factors', async t => {
  const ada = await holder(app)
  const answer = await enter(app, ada, {}, { device_name: 'Ada’s phone' })

  t.equal(answer.statusCode, 200, answer.body)
  const tokens: Tokens = answer.json()
  t.strictSame(Object.keys(tokens).sort(), ['access_token', 'device_token', 'expires_in', 'refresh_expires_in', 'refresh_token', 'session', 'token_type', 'user'])
  t.match(claimsOf(tokens), { sub: ada.user.id, amr: ['pop', 'user', 'mfa'], acr: 'phr' })
  t.match(claimsOf((await refresh(app, tokens.refresh_token)).json()), { amr: ['pop', 'user', 'mfa'], acr: 'phr' }, 'a refresh keeps what was proved')
  t.match((await trail(app, ada.user.id)).at(-1), { event: 'authn_login_success', outcome: 'success', reason: 'passkey', sessionId: tokens.session.id })
  t.match((await as(app, tokens.access_token, 'GET', '/auth/passkeys')).json(), { passkeys: [{ id: ada.passkeyId, name: 'Ada’s phone', last_used_at: String, user_verified: true }] })
  t.notMatch((await as(app, tokens.access_token, 'GET', '/auth/passkeys')).body, /public_key|credential/)
})

t.test('an account with two steps is asked for nothing more', async t => {
  const ada = await holder(app)
  await app.database`update users set two_step = true where id = ${ada.user.id}`
  t.match(claimsOf((await enter(app, ada)).json()), { acr: 'phr' })
  t.match(brief(await post(app, '/auth/login', { email: ada.email, password })), { code: 'mfa_required' }, 'and the password alone opens nothing')
})

t.test('the sign-in is answered by any node, when the first is gone and Redis has lost everything', async t => {
  const ada = await holder(app)
  const first = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
  const options = await request(first)
  await first.close()
  await forgetRedis()
  t.match(await post(other, '/auth/login/passkey', { credential: ada.key.get(options) }), { statusCode: 200 })
})

t.test('one signature opens one session, of twenty uses at once and later, whatever Redis has lost', async t => {
  const ada = await holder(app)
  const credential = ada.key.get(await request(app))
  const before = await sessionsOf(ada)
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => post(n % 2 ? app : other, '/auth/login/passkey', { credential })))

  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  for (const answer of answers) t.match(answer.json().code ?? 'success', /^(success|invalid_credentials|unavailable|overloaded)$/)
  t.equal(await sessionsOf(ada), before + 1)
  await forgetRedis()
  t.match(brief(await post(app, '/auth/login/passkey', { credential })), { status: 401, code: 'invalid_credentials' })
  t.equal(await sessionsOf(ada), before + 1)
})

t.test('a challenge is answered within ten minutes', async t => {
  const ada = await holder(app)
  const options = await request(app)
  app.clock.advance(599_000)
  t.match(await post(app, '/auth/login/passkey', { credential: ada.key.get(options) }), { statusCode: 200 })
  const late = await request(app)
  app.clock.advance(600_000)
  t.match(brief(await post(app, '/auth/login/passkey', { credential: ada.key.get(late) })), { status: 401, code: 'invalid_credentials' })
})

t.test('two pages may wait at once, and each is answered', async t => {
  const ada = await holder(app)
  const [first, second] = [await request(app), await request(app)]
  for (const options of [second, first]) t.match(await post(app, '/auth/login/passkey', { credential: ada.key.get(options) }), { statusCode: 200 })
})

t.test('an unknown passkey is told as such, and anything else that is wrong is one answer', async t => {
  const ada = await holder(app)
  const bob = await holder(app)
  const before = await sessionsOf(ada)
  const stranger = createAuthenticator({ origin })
  const unknown = await enter(app, { key: stranger })
  t.match(brief(unknown), { status: 401, code: 'passkey_unknown' })
  t.equal(unknown.headers['www-authenticate'], 'Bearer')

  const wrong: Record<string, Lies> = {
    'another signature': { signature: () => randomBytes(70) },
    'another type': { type: 'webauthn.create' },
    'another origin': { origin: 'http://evil.localhost:3000' },
    'another port': { origin: 'http://localhost:3001' },
    https: { origin: 'https://localhost:3000' },
    'another RP id': { rpId: 'evil.localhost' },
    'a page in a page': { clientData: { crossOrigin: true } },
    'no user verified': { flags: ['UP'] },
    'no user present': { flags: ['UV'] },
    'backed up, not eligible': { flags: ['UP', 'UV', 'BS'] },
    'no handle': { handle: null },
    'another handle': { handle: randomBytes(64) },
    'a challenge that is not ours': { clientData: { challenge: randomBytes(72).toString('base64url') } },
    'leftover bytes': { leftover: Buffer.from([0]) },
    'the id of another passkey': { id: Buffer.from(bob.key.id, 'base64url') }
  }
  for (const [what, lies] of Object.entries(wrong)) {
    const answer = await enter(app, ada, lies)
    t.match(answer.json(), { status: 401, code: 'invalid_credentials' }, what)
    t.strictSame(Object.keys(answer.json()), ['type', 'title', 'status', 'detail', 'code', 'request_id'], what)
  }
  t.equal(await sessionsOf(ada), before)
  t.equal((await app.database`select 1 from spent_challenges where expires_at > now() + interval '1 hour'`).length, 0)
  t.ok((await trail(app, null)).some(({ event, reason }) => event === 'authn_login_fail' && reason === 'passkey_unknown'))
})

t.test('a challenge for something else opens nothing', async t => {
  const ada = await holder(app)
  const made = await creation(app, (await enter(app, ada)).json())
  t.match(brief(await post(app, '/auth/login/passkey', { credential: ada.key.get({ challenge: made.challenge, rpId: 'localhost' }) })), { code: 'invalid_credentials' })
  const again = (await as(app, ada.tokens.access_token, 'POST', '/auth/reauthenticate/options', {})).json().public_key
  t.match(brief(await post(app, '/auth/login/passkey', { credential: ada.key.get(again) })), { code: 'invalid_credentials' })
})

t.test('strangers write nothing but the trail, and nobody can lock a passkey', async t => {
  const ada = await holder(app)
  const [before] = await app.database<{ n: number }>`select count(*)::int as n from spent_challenges`
  for (let n = 0; n < 12; n++) await enter(app, ada, { signature: () => randomBytes(70) })
  for (let n = 0; n < 6; n++) await post(app, '/auth/login', { email: ada.email, password: 'not the password' })
  t.strictSame(await app.database`select count(*)::int as n from spent_challenges`, [before])
  t.match(brief(await post(app, '/auth/login', { email: ada.email, password })), { code: 'too_many_attempts' })
  t.match(await enter(app, ada), { statusCode: 200 }, 'a passkey is the way past a locked bucket')
  t.strictSame((await mailJobs(app, 'locked')).filter(({ userId }) => userId === ada.user.id).length, 1)
})

t.test('when strangers have used up what a network may try, a device that the account knows goes on', async t => {
  const limits = { ...deployment, RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_LOGIN: '3/15m' }
  const limited = await start(t, limits, { workers: false, hasher: cheapHasher, clock: app.clock })
  const [ada, bob] = [await holder(app), await holder(app)]
  for (let n = 0; n < 3; n++) await post(limited, '/auth/login', { email: ada.email, password: 'a guess' })

  t.match(brief(await enter(limited, ada)), { status: 429, code: 'rate_limited' }, 'an unknown device shares the limit of its network')
  t.match(brief(await enter(limited, ada, {}, { device_token: bob.deviceToken })), { status: 429 }, 'as does the device of another account')
  t.match(await enter(limited, ada, {}, { device_token: ada.deviceToken }), { statusCode: 200 })
})

t.test('a counter that goes back is recorded and refuses nobody; the higher one is kept', async t => {
  const ada = await holder(app)
  for (const count of [9, 7, 9, 10]) t.match(await enter(app, ada, { count }), { statusCode: 200 }, String(count))
  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_passkey_anomaly'), [{ reason: 'counter_back', read: { known: 9, said: 7 } }, { reason: 'counter_back', read: { known: 9, said: 9 } }])
  t.match(await app.database`select sign_count from passkeys where id = ${ada.passkeyId}`, [{ signCount: 10 }])

  const bob = await holder(app)
  for (let n = 0; n < 2; n++) t.match(await enter(app, bob, { count: 0 }), { statusCode: 200 }, 'an authenticator that does not count')
  t.notOk((await eventsOf(app, bob.user.id)).includes('authn_passkey_anomaly'))
})

t.test('two signatures that arrive at once, and out of order, both count', async t => {
  const ada = await holder(app)
  const [first, second] = [ada.key.get(await request(app)), ada.key.get(await request(app))]
  const answers = await Promise.all([second, first].map(credential => post(app, '/auth/login/passkey', { credential })))
  t.strictSame(answers.map(({ statusCode }) => statusCode), [200, 200])
  t.match(await app.database`select sign_count from passkeys where id = ${ada.passkeyId}`, [{ signCount: 2 }])
})

t.test('a counter that has risen since the passkey was read makes the signature an anomaly, and the session begins', async t => {
  const ada = await holder(app)
  const answer = await enterWhile(ada, tx => tx`update passkeys set sign_count = 50 where id = ${ada.passkeyId}`)
  t.equal(answer.statusCode, 200, answer.body)
  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_passkey_anomaly'), [{ reason: 'counter_back', read: { known: 50, said: 1 } }])
  t.match(await app.database`select sign_count from passkeys where id = ${ada.passkeyId}`, [{ signCount: 50 }])
  t.match((await refresh(app, answer.json().refresh_token)), { statusCode: 200 })
})

t.test('a sign-out everywhere that comes between keeps nobody out: the sign-in comes after it, with the same signature', async t => {
  const ada = await holder(app)
  const answer = await enterWhile(ada, tx => tx`update users set session_epoch = session_epoch + 1 where id = ${ada.user.id}`)
  t.equal(answer.statusCode, 200, answer.body)
  t.match((await refresh(app, answer.json().refresh_token)), { statusCode: 200 })
  t.match(brief(await refresh(app, ada.tokens.refresh_token)), { code: 'session_ended' })
  t.notOk((await eventsOf(app, ada.user.id)).includes('authn_passkey_anomaly'))
})

t.test('what keeps an account out when it comes between opens nothing', async t => {
  const ada = await holder(app)
  const before = await sessionsOf(ada)
  const answer = await enterWhile(ada, tx => tx`update users set status = 'disabled' where id = ${ada.user.id}`)
  t.match(brief(answer), { status: 401, code: 'invalid_credentials' })
  t.equal(await sessionsOf(ada), before)
})

t.test('an origin counts as it is listed, also that of an app, and no header changes what is', async t => {
  const apk = 'android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck'
  const settings = Object.assign({}, deployment, { PASSKEY_ORIGINS: `${origin},https://app.localhost,${apk}` })
  const listing = await start(t, settings, { workers: false, hasher: cheapHasher, clock: app.clock })
  const ada = await holder(listing)
  for (const listed of [origin, 'https://app.localhost', apk]) t.match(await enter(listing, ada, { origin: listed }), { statusCode: 200 }, listed)
  for (const near of [`${apk.slice(0, -1)}d`, apk.replace('Q8', 'q8'), 'http://app.localhost', 'https://app.localhost:8443', 'https://x.app.localhost', 'https://localhost', 'https://app.localhost.', 'https://app.localhost/', 'HTTPS://APP.LOCALHOST', 'null', '']) {
    t.match(brief(await enter(listing, ada, { origin: near })), { status: 401, code: 'invalid_credentials' }, near)
  }
  const headers = { host: 'evil.localhost', 'x-forwarded-host': 'evil.localhost' }
  const credential = ada.key.get(await request(listing), { origin: 'https://evil.localhost', rpId: 'evil.localhost' })
  t.not((await post(listing, '/auth/login/passkey', { credential }, headers)).statusCode, 200)
  t.match((await post(listing, '/auth/login/passkey/options', {}, { 'x-forwarded-host': 'evil.localhost' })).json(), { public_key: { rpId: 'localhost' } })
})

t.test('a passkey that becomes one for many devices goes on, and that is recorded', async t => {
  const ada = await holder(app)
  t.match(await enter(app, ada, { flags: ['UP', 'UV', 'BE', 'BS'] }), { statusCode: 200 })
  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_passkey_anomaly'), [{ reason: 'backup_eligibility_changed' }])
  t.match((await as(app, ada.tokens.access_token, 'GET', '/auth/passkeys')).json(), { passkeys: [{ backed_up: true }] })
  t.match(await enter(app, ada, { flags: ['UP', 'UV', 'BE'] }), { statusCode: 200 })
  t.match((await as(app, ada.tokens.access_token, 'GET', '/auth/passkeys')).json(), { passkeys: [{ backed_up: false }] })
  t.equal((await eventsOf(app, ada.user.id)).filter(event => event === 'authn_passkey_anomaly').length, 1)
})

t.test('a security key signs in by no means alone, also when it verifies its user later', async t => {
  const ada = await holder(app, { kind: 'security_key' })
  for (const flags of [['UP'], ['UP', 'UV']] as const) t.match(brief(await enter(app, ada, { flags })), { status: 401, code: 'invalid_credentials' })
})

t.test('what keeps an account from signing in is told after a good signature only', async t => {
  const ada = await holder(app)
  t.match(brief(await enter(app, ada, {}, { user_type: 'vendor' })), { status: 403, code: 'wrong_user_type' })
  await disable(app, ada.user.id)
  t.match(brief(await enter(app, ada)), { status: 403, code: 'account_disabled' })
  t.match(brief(await enter(app, ada, { signature: () => randomBytes(70) })), { status: 401, code: 'invalid_credentials' })
  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_login_fail'), [{ reason: 'wrong_user_type' }, { reason: 'account_disabled' }])
})

t.test('a sign-in that races its passkey’s removal, or the erasure of the account, opens nothing that lasts', async t => {
  for (const end of [
    ({ access_token: token }: Tokens, { passkeyId }: Holder) => as(app, token, 'DELETE', `/auth/passkeys/${passkeyId}`),
    ({ access_token: token }: Tokens) => as(app, token, 'DELETE', '/auth/me')
  ]) {
    const ada = await holder(app)
    const tokens: Tokens = (await enter(app, ada)).json()
    const credential = ada.key.get(await request(app))
    const [answer, ended] = await Promise.all([post(other, '/auth/login/passkey', { credential }), end(tokens, ada)])
    t.ok(ended.statusCode < 300, ended.body)
    if (answer.statusCode !== 200) t.match(answer.json().code, /^(invalid_credentials|passkey_unknown)$/)
    else t.match((await refresh(app, answer.json().refresh_token)).json(), { code: 'session_ended' })
    t.match((await enter(app, ada)).json(), { code: 'passkey_unknown' })
  }
})

t.test('in a browser the tokens travel as cookies, and the session that was there ends', async t => {
  const ada = await holder(app)
  const browser = openBrowser(app)
  const first = await browser.send('POST', '/auth/login/passkey', { credential: ada.key.get(await request(app)), transport: 'cookie' })
  t.equal(first.statusCode, 200, first.body)
  t.notMatch(first.body, /token/)
  const second = await browser.send('POST', '/auth/login/passkey', { credential: ada.key.get(await request(app)), transport: 'cookie' })
  t.match(second, { statusCode: 200 })
  const ended = await app.database`select ended_reason from sessions where id = ${first.json().session.id}`
  t.match(ended, [{ endedReason: 'signed_out' }])
})

t.test('a body of any other form is refused, and unknown members of a credential are not', async t => {
  const ada = await holder(app)
  const good = ada.key.get(await request(app))
  const { response } = good
  for (const credential of [
    null, 'x', [], {}, { ...good, type: 'password' }, { ...good, id: undefined }, { ...good, id: `${good.id}=` }, { ...good, id: 'x'.repeat(1365) }, { ...good, id: 7 },
    { ...good, response: undefined }, { ...good, response: { ...response, signature: undefined } }, { ...good, response: { ...response, signature: '' } },
    { ...good, response: { ...response, signature: 'x'.repeat(1367) } }, { ...good, response: { ...response, clientDataJSON: 'x'.repeat(5463) } },
    { ...good, response: { ...response, authenticatorData: 'a+b/' } }, { ...good, response: { ...response, userHandle: 'x'.repeat(87) } }
  ]) t.match(await post(app, '/auth/login/passkey', { credential }), { statusCode: 422 }, JSON.stringify(credential)?.slice(0, 80))
  t.match(await post(app, '/auth/login/passkey', { credential: good, password }), { statusCode: 422 }, 'nor an unknown field beside it')
  const fuller = { ...good, future: { any: ['thing'] }, response: { ...response, more: 1 }, clientExtensionResults: { prf: { enabled: true } } }
  t.match(await post(app, '/auth/login/passkey', { credential: fuller }), { statusCode: 200 })
})

t.test('no bytes in a credential are an error of the server', async t => {
  const ada = await holder(app)
  for (let n = 0; n < 150; n++) {
    const credential = ada.key.get(await request(app))
    const part = (['clientDataJSON', 'authenticatorData', 'signature'] as const)[n % 3] ?? 'signature'
    const bytes = Buffer.from(credential.response[part], 'base64url')
    const cut = Buffer.concat([bytes.subarray(0, n % bytes.length), randomBytes(1 + n % 7)])
    const changed = n % 2 ? randomBytes(1 + n) : cut
    credential.response[part] = changed.toString('base64url')
    t.match(brief(await post(app, '/auth/login/passkey', { credential })), { status: 401, code: 'invalid_credentials' })
  }
})

t.test('the same device may hold passkeys of several accounts', async t => {
  const [ada, bob] = [await holder(app), await holder(app)]
  t.match((await enter(app, bob)).json(), { user: { id: bob.user.id } })
  t.match((await enter(app, ada)).json(), { user: { id: ada.user.id } })
})

/** Signs in with a passkey, and changes something when its account has been read and before the session begins. */
async function enterWhile (ada: Holder, change: (tx: Transaction) => Promise<unknown>) {
  const credential = ada.key.get(await request(app))
  const [answer] = await app.database.begin(async tx => {
    const [held] = await tx<{ pid: number }>`select pg_backend_pid() as pid from users where id = ${ada.user.id} for update`
    const answer = post(app, '/auth/login/passkey', { credential })
    await until(async () => (await app.database`select from pg_stat_activity where ${held?.pid ?? 0} = any(pg_blocking_pids(pid))`).length > 0)
    await change(tx)
    return [answer]
  })
  return await answer
}

async function forgetRedis () {
  const keys = await app.redis.keys(`${deployment.REDIS_KEY_PREFIX}*`)
  for (const key of keys) await app.redis.del(key.slice(deployment.REDIS_KEY_PREFIX.length))
}

async function sessionsOf ({ user }: { user: { id: string } }): Promise<number> {
  return (await app.database`select 1 from sessions where user_id = ${user.id} and ended_at is null`).length
}

function claimsOf ({ access_token: token }: Pick<Tokens, 'access_token'>) {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}
