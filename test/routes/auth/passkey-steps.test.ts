import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createAuthenticator } from '../../support/accounts/authenticator.ts'
import type { Authenticator, Lies, RequestOptions } from '../../support/accounts/authenticator.ts'
import { codeAt, guarded, nextStep } from '../../support/accounts/factors.ts'
import type { Guarded } from '../../support/accounts/factors.ts'
import { add, enter, holder, origin } from '../../support/accounts/passkeys.ts'
import { brief } from '../../support/accounts/people.ts'
import { openBrowser } from '../../support/cookie-jar.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, password, post, signIn, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t, { DB_POOL_MAX: '20', ACCESS_TOKEN_TTL: '1h' })
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })

t.test('each factor that an account has completes a sign-in by itself', async t => {
  const ada = await withKeys()
  const pending = await pendingOf(ada)
  t.strictSame(pending.methods, ['passkey', 'totp', 'recovery_code'])

  const passkey = await complete(pending.mfa_token, { credential: ada.key.get(await options(pending.mfa_token)) })
  t.equal(passkey.statusCode, 200, passkey.body)
  t.match(claimsOf(passkey.json()), { amr: ['pwd', 'pop', 'user', 'mfa'], acr: 'phr' })
  t.match((await trail(app, ada.user.id)).at(-1), { event: 'authn_login_success', reason: 'passkey' })

  const touched = await complete(pending.mfa_token, { credential: ada.touch.get(await options(pending.mfa_token), { flags: ['UP'] }) })
  t.match(claimsOf(touched.json()), { amr: ['pwd', 'pop', 'user', 'mfa'], acr: 'phr' }, 'a touch is enough after the password')
  nextStep(app)
  t.match(claimsOf((await complete(pending.mfa_token, { code: codeAt(app, ada) })).json()), { acr: 'urn:latchkey:acr:2fa' })
  t.match(claimsOf((await complete(pending.mfa_token, { recovery_code: ada.recoveryCodes[0] })).json()), { acr: 'urn:latchkey:acr:2fa' })
})

t.test('the options name the passkeys of the account, behind the right password only', async t => {
  const ada = await withKeys()
  const { mfa_token: token } = await pendingOf(ada)
  const answer = await post(app, '/auth/login/second-factor/options', { mfa_token: token })
  t.match(answer.json(), { public_key: { rpId: 'localhost', challenge: /^[\w-]{96}$/, userVerification: 'preferred', allowCredentials: [{ type: 'public-key', id: ada.key.id }, { id: ada.touch.id }] }, expires_in: 600 })

  t.match(brief(await post(app, '/auth/login/second-factor/options', { mfa_token: 'x' })), { status: 422, code: 'token_invalid' })
  t.match(brief(await post(app, '/auth/login/second-factor/options', {})), { status: 422, code: 'invalid_request' })
  const bob = await guarded(app)
  t.match(brief(await post(app, '/auth/login/second-factor/options', { mfa_token: (await pendingOf(bob)).mfa_token })), { status: 404 })
  app.clock.advance(300_000)
  t.match(brief(await post(app, '/auth/login/second-factor/options', { mfa_token: token })), { status: 422, code: 'token_invalid' })
})

t.test('an account that may not sign in any more is offered nothing between the steps', async t => {
  const changes: Record<string, (id: string) => PromiseLike<unknown>> = {
    'it is disabled': id => app.database`update users set status = 'disabled' where id = ${id}`,
    'it has to be approved': id => app.database`update users set approval = 'pending' where id = ${id}`,
    'its vendor is suspended': id => app.database`
      with shut as (insert into vendors (name, status) values ('Shut', 'suspended') returning id)
      update users set vendor_id = (select id from shut) where id = ${id}`,
    'its sessions have ended': id => app.database`update users set session_epoch = session_epoch + 1 where id = ${id}`
  }
  for (const [what, change] of Object.entries(changes)) {
    const ada = await withKeys()
    const { mfa_token: token } = await pendingOf(ada)
    await change(ada.user.id)
    t.match(brief(await post(app, '/auth/login/second-factor/options', { mfa_token: token })), { status: 422, code: 'token_invalid' }, what)
  }
})

t.test('one signature completes one sign-in, of twenty at once, on any node', async t => {
  const ada = await withKeys()
  const { mfa_token: token } = await pendingOf(ada)
  const credential = ada.key.get((await post(other, '/auth/login/second-factor/options', { mfa_token: token })).json().public_key)
  const before = await sessionsOf(ada)
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => post(n % 2 ? app : other, '/auth/login/second-factor', { mfa_token: token, credential })))

  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  for (const answer of answers) t.ok([200, 401, 503].includes(answer.statusCode), answer.body)
  t.equal(await sessionsOf(ada), before + 1)
  t.match(brief(await complete(token, { credential })), { status: 401, code: 'invalid_credentials' })
})

t.test('a challenge is bound to the sign-in that asked for it', async t => {
  const ada = await withKeys()
  const [first, second] = [await pendingOf(ada), await pendingOf(ada)]
  t.match(brief(await complete(second.mfa_token, { credential: ada.key.get(await options(first.mfa_token)) })), { code: 'invalid_credentials' })
  const { public_key: login } = (await post(app, '/auth/login/passkey/options')).json()
  t.match(brief(await complete(first.mfa_token, { credential: ada.key.get(login) })), { code: 'invalid_credentials' }, 'nor is one of a login a second step')
  t.match(brief(await post(app, '/auth/login/passkey', { credential: ada.key.get(await options(first.mfa_token)) })), { code: 'invalid_credentials' }, 'nor the reverse')
})

t.test('a passkey that is wrong leaves the sign-in open, and locks nothing', async t => {
  const ada = await withKeys()
  const bob = await holder(app)
  const { mfa_token: token } = await pendingOf(ada)
  const wrong: [Authenticator, Lies, string][] = [
    [ada.key, { signature: () => randomBytes(70) }, 'invalid_credentials'],
    [ada.key, { flags: ['UV'] }, 'invalid_credentials'],
    [ada.key, { handle: randomBytes(64) }, 'invalid_credentials'],
    [bob.key, {}, 'invalid_credentials'],
    [createAuthenticator({ origin }), {}, 'passkey_unknown']
  ]
  for (let n = 0; n < 3; n++) {
    for (const [key, lies, code] of wrong) {
      const credential = key.get(await options(token), lies)
      t.match(brief(await complete(token, { credential })), { status: 401, code })
    }
  }
  t.match(await complete(token, { credential: ada.key.get(await options(token), { handle: null }) }), { statusCode: 200 }, 'here the handle may be left out')
  t.match((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_login_fail').map(({ reason }) => reason), Array(15).fill('passkey'))
})

t.test('a locked bucket of codes does not hold for passkeys', async t => {
  const ada = await withKeys()
  const { mfa_token: token } = await pendingOf(ada)
  for (let n = 0; n < 6; n++) await complete(token, { code: '000000' })
  t.match(brief(await complete(token, { code: codeAt(app, ada) })), { code: 'too_many_attempts' })
  t.match(await complete(token, { credential: ada.key.get(await options(token)) }), { statusCode: 200 })
})

t.test('in a browser the sign-in waits in a cookie', async t => {
  const ada = await withKeys()
  const browser = openBrowser(app)
  await browser.send('POST', '/auth/login', { email: ada.email, password, transport: 'cookie' })
  const asked = await browser.send('POST', '/auth/login/second-factor/options', {})
  t.equal(asked.statusCode, 200, asked.body)
  const answer = await browser.send('POST', '/auth/login/second-factor', { credential: ada.key.get(asked.json().public_key) })
  t.equal(answer.statusCode, 200, answer.body)
  t.notMatch(answer.body, /token/)
  t.notOk(browser.cookies.has('__Host-mfa'))
})

t.test('a passkey that verifies its user proves the session again by itself', async t => {
  const ada = await holder(app)
  const { access_token: token, session } = await signIn(app, ada)
  t.match(brief(await as(app, token, 'POST', '/auth/totp')), { code: 'reauthentication_required' })
  const answer = await again(token, { credential: ada.key.get(await optionsAgain(token)) })

  t.equal(answer.statusCode, 200, answer.body)
  t.match(claimsOf(answer.json()), { sid: session.id, amr: ['pop', 'user', 'mfa'], acr: 'phr' })
  t.match(await as(app, answer.json().access_token, 'POST', '/auth/totp'), { statusCode: 201 })
  t.match((await trail(app, ada.user.id)).filter(({ reason }) => reason === 'reauthenticated'), [{ read: { method: 'passkey' } }])
})

t.test('a security key proves the session again after the password, at once or before', async t => {
  const ada = await holder(app, { kind: 'security_key', flags: ['UP'] })
  const { access_token: fresh } = await signIn(app, ada)
  const after = await again(fresh, { credential: ada.key.get(await optionsAgain(fresh)) })
  t.match(claimsOf(after.json()), { amr: ['pwd', 'pop', 'user', 'mfa'], acr: 'phr' }, 'the password is recent')

  const { access_token: token } = await signIn(app, ada)
  app.clock.advance(10 * 60_000 + 1000)
  t.match((await optionsAgain(token)), { userVerification: 'preferred' })
  for (const flags of [['UP'], ['UP', 'UV']] as const) {
    t.match((await again(token, { credential: ada.key.get(await optionsAgain(token), { flags }) })).json(), { status: 401, code: 'mfa_required', methods: ['password'] })
  }
  const both = await again(token, { password, credential: ada.key.get(await optionsAgain(token)) })
  t.match(claimsOf(both.json()), { amr: ['pwd', 'pop', 'user', 'mfa'], acr: 'phr' })

  const strong: Tokens = (await as(app, both.json().access_token, 'PUT', '/auth/two-step', { enabled: true })).json()
  const first = (await again(strong.access_token, { password })).json()
  t.match(first, { code: 'mfa_required', methods: ['passkey'] })
  const credential = ada.key.get(await optionsAgain(strong.access_token))
  const second = await again(strong.access_token, { mfa_token: first.mfa_token, credential })
  t.match(claimsOf(second.json()), { amr: ['pwd', 'pop', 'user', 'mfa'] })
})

t.test('a challenge of a session is answered in that session, once', async t => {
  const ada = await holder(app)
  const [one, two] = [await signIn(app, ada), await signIn(app, ada)]
  const credential = ada.key.get(await optionsAgain(one.access_token))
  t.match(brief(await again(two.access_token, { credential })), { status: 401, code: 'invalid_credentials' })
  const answers = await Promise.all(Array.from({ length: 10 }, () => again(one.access_token, { credential })))
  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  t.match(brief(await as(app, (await signIn(app)).access_token, 'POST', '/auth/reauthenticate/options')), { status: 404 }, 'without a passkey there is nothing to answer')
})

t.test('all second factors may go by one limit, which passkeys share', async t => {
  const limited = await start(t, Object.assign({}, deployment, { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_SECOND_FACTOR: '3/15m', RATE_LIMIT_LOGIN: '4/15m' }), { workers: false, hasher: cheapHasher, clock: app.clock })
  const ada = await holder(app)
  const first = await enter(limited, ada)
  const { device_token: device }: Tokens = first.json()
  for (let n = 0; n < 3; n++) await enter(limited, ada, { signature: () => randomBytes(70) })
  t.match(brief(await enter(limited, ada)), { status: 429, code: 'rate_limited' }, 'the network')
  t.match(await enter(limited, ada, {}, { device_token: device }), { statusCode: 200 }, 'a device that the account knows is counted by itself')
  const bob = await holder(app)
  t.match(brief(await enter(limited, bob, {}, { device_token: device })), { code: 'rate_limited' }, 'and one that it does not know is a stranger')

  const { access_token: token } = await signIn(app, ada)
  for (let n = 0; n < 3; n++) await post(limited, '/auth/reauthenticate', { credential: ada.key.get(await optionsAgain(token), { handle: randomBytes(64) }) }, { authorization: `Bearer ${token}` })
  t.match(brief(await post(limited, '/auth/reauthenticate', { credential: ada.key.get(await optionsAgain(token)) }, { authorization: `Bearer ${token}` })), { status: 429 })
})

/** An account with an authenticator app, a passkey and a security key. */
async function withKeys () {
  const ada = await guarded(app)
  const { mfa_token: token } = await pendingOf(ada)
  const tokens: Tokens = (await complete(token, { code: codeAt(app, ada) })).json()
  const [key, touch] = [createAuthenticator({ origin }), createAuthenticator({ origin })]
  await add(app, tokens, key)
  await add(app, tokens, touch, { kind: 'security_key', lies: { flags: ['UP'] } })
  return { ...ada, key, touch }
}

async function pendingOf ({ email }: Pick<Guarded, 'email'>): Promise<{ mfa_token: string, methods: string[] }> {
  return (await post(app, '/auth/login', { email, password })).json()
}

async function options (token: string): Promise<RequestOptions> {
  return (await post(app, '/auth/login/second-factor/options', { mfa_token: token })).json().public_key
}

async function complete (token: string, proof: object) {
  return await post(app, '/auth/login/second-factor', { mfa_token: token, ...proof })
}

async function optionsAgain (token: string): Promise<RequestOptions> {
  return (await as(app, token, 'POST', '/auth/reauthenticate/options')).json().public_key
}

async function again (token: string, proof: object) {
  return await as(app, token, 'POST', '/auth/reauthenticate', proof)
}

async function sessionsOf ({ user }: { user: { id: string } }): Promise<number> {
  return (await app.database`select 1 from sessions where user_id = ${user.id} and ended_at is null`).length
}

function claimsOf ({ access_token: token }: Pick<Tokens, 'access_token'>) {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}
