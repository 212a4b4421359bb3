import t from 'tap'
import { addTotp, claimsOf, codeAt, guarded, mailedToken, nextStep } from '../../support/accounts/factors.ts'
import type { Guarded } from '../../support/accounts/factors.ts'
import { brief, by } from '../../support/accounts/people.ts'
import { openBrowser } from '../../support/cookie-jar.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, password, post, refresh, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { eventsOf, trail } from '../../support/trail/evidence.ts'

const day = 86_400_000
const changed = 'seven quiet herons over reeds'
const deployment = await deploy(t, { REMEMBER_DEVICE: '10d', DB_POOL_MAX: '20' })
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const asked = { status: 401, code: 'mfa_required' }

t.test('a device that its user wants remembered is not asked again, and its sessions are by one factor', async t => {
  const { ada, device } = await remembered()
  const answer = await login(ada, device, other)
  t.equal(answer.statusCode, 200, answer.body)
  const tokens: Tokens = answer.json()
  t.match(claimsOf(tokens), { amr: ['pwd'], acr: 'urn:latchkey:acr:1fa' })
  t.notOk('must_enroll_second_factor' in claimsOf(tokens))
  t.match((await trail(app, ada.user.id)).at(-1), { event: 'authn_login_success', reason: 'remembered_device', sessionId: tokens.session.id })
  t.match((await as(app, tokens.access_token, 'GET', '/auth/second-factors')).json(), { two_step: true, remembered_devices: 1 })

  for (const [method, path, body] of [['POST', '/auth/totp'], ['PUT', '/auth/two-step', { enabled: false }], ['POST', '/auth/recovery-codes'], ['POST', '/auth/password/change', { current_password: password, new_password: changed }]] as const) {
    t.match((await as(app, tokens.access_token, method, path, body)).json(), { status: 401, code: 'reauthentication_required', acr_values: 'urn:latchkey:acr:2fa phr' }, `${method} ${path} takes both factors`)
  }
  t.match((await as(app, tokens.access_token, 'POST', '/auth/reauthenticate', { password })).json(), asked)
  t.match(claimsOf((await refresh(app, tokens.refresh_token)).json()), { amr: ['pwd'] })
})

t.test('what needs a recent sign-in asks on such a device, however recent the password is', async t => {
  const { ada, device, tokens: first } = await remembered()
  app.clock.advance(10 * 60_000)
  const tokens: Tokens = (await login(ada, device)).json()
  t.equal(claimsOf(tokens).auth_time, claimsOf(first).auth_time, 'both factors were proved then')
  t.match(await app.database`select floor(extract(epoch from auth_time))::int as at from sessions where id = ${tokens.session.id}`, [{ at: claimsOf(first).auth_time }])
  t.equal(claimsOf((await refresh(other, tokens.refresh_token)).json()).auth_time, claimsOf(first).auth_time)
  for (const [method, path, body] of [['DELETE', '/auth/me'], ['POST', '/auth/email/change', { new_email: 'eve@example.com' }]] as const) {
    t.match((await as(app, tokens.access_token, method, path, body)).json(), { status: 401, code: 'reauthentication_required', max_age: 600 }, `${method} ${path}`)
  }
  t.match((await as(app, tokens.access_token, 'POST', '/auth/reauthenticate', { code: freshCode(ada) })).json(), { code: 'mfa_required', methods: ['password'] })
  const proved: Tokens = (await as(app, tokens.access_token, 'POST', '/auth/reauthenticate', { password, code: freshCode(ada) })).json()
  t.match(await as(app, proved.access_token, 'DELETE', '/auth/me'), { statusCode: 204 })
})

t.test('it takes the right password, that very device, and that very account', async t => {
  const { ada, device } = await remembered()
  const bob = await remembered()
  t.match(brief(await post(app, '/auth/login', { email: ada.email, password: 'not the password', device_token: device })), { status: 401, code: 'invalid_credentials' })
  t.match(brief(await login(ada)), asked)
  t.match(brief(await login(ada, bob.device)), asked, 'another user’s device')
  t.match(brief(await login(ada, `${device.slice(0, 20)}x${device.slice(21)}`)), asked, 'no device of ours')
  const { device_token: plain } = await complete(ada, { code: freshCode(ada) })
  t.match(brief(await login(ada, plain)), asked, 'a device whose user said nothing')
  const { device_token: unwanted } = await complete(ada, { code: freshCode(ada), remember_device: false })
  t.match(brief(await login(ada, unwanted)), asked)
})

t.test('it lasts as long as REMEMBER_DEVICE from the proof, however often the device signs in', async t => {
  const { ada, device } = await remembered()
  app.clock.advance(9 * day)
  t.match(await login(ada, device), { statusCode: 200 })
  app.clock.advance(day)
  t.match(brief(await login(ada, device)), asked)
})

t.test('a shorter REMEMBER_DEVICE, or none, holds for devices that were remembered before', async t => {
  const { ada, device } = await remembered()
  app.clock.advance(2 * day)
  for (const [setting, isAsked] of [['3d', false], ['1d', true], ['0s', true]] as const) {
    const settings = Object.assign({}, deployment, { REMEMBER_DEVICE: setting })
    const node = await start(t, settings, { workers: false, hasher: cheapHasher, clock: app.clock })
    t.match(await login(ada, device, node), { statusCode: isAsked ? 401 : 200 }, setting)
    if (setting !== '0s') continue
    const answer = await complete(ada, { code: freshCode(ada), remember_device: true }, node)
    t.match(brief(await login(ada, answer.device_token, node)), asked, 'a wish is no error there, and without effect')
  }
})

t.test('whatever ends the sessions of an account makes it forget: factor, password, sign-out, reset, disable', async t => {
  const acts: Record<string, (ada: Guarded, tokens: Tokens) => Promise<unknown>> = {
    'a new authenticator app': async (_, tokens) => await addTotp(app, tokens.access_token),
    'two steps off and on': async (_, tokens) => await as(app, (await as(app, tokens.access_token, 'PUT', '/auth/two-step', { enabled: false })).json().access_token, 'PUT', '/auth/two-step', { enabled: true }),
    'a change of the password': async (ada, tokens) => { await as(app, tokens.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: changed }); ada.password = changed },
    'a reset of the password': async ada => { await post(app, '/auth/password/reset', { token: await mailedToken(app, 'password_reset', ada.user.id), new_password: changed }); ada.password = changed },
    'a sign-out everywhere': async (_, tokens) => await as(app, tokens.access_token, 'POST', '/auth/logout', { scope: 'everywhere' }),
    'a sign-out of the others': async (_, tokens) => await as(app, tokens.access_token, 'POST', '/auth/logout', { scope: 'others' }),
    'a sign-out by an administrator': async ada => await app.userAdministration.signOut(ada.user.id, await chief()),
    'a disabled account that is enabled again': async ada => { await app.userAdministration.disable(ada.user.id, await chief()); await app.userAdministration.enable(ada.user.id, await chief()) },
    'a reset of the second factors': async ada => {
      const { mfa_token: pending } = (await login(ada)).json()
      const answer = await post(app, '/auth/login/second-factor', { mfa_token: pending, reset_token: await mailedToken(app, 'second_factor_reset', ada.user.id) })
      await addTotp(app, answer.json().access_token)
    }
  }
  for (const [what, act] of Object.entries(acts)) {
    const { ada, device, tokens } = await remembered()
    t.match(await login(ada, device), { statusCode: 200 }, 'before')
    await act(ada, tokens)
    t.match(brief(await login(ada, device)), asked, what)
  }

  const { ada, device } = await remembered()
  await app.accounts.signOutEveryone({ caller: { ip: '127.0.0.1', userAgent: null, requestId: 'test' } })
  t.match(brief(await login(ada, device)), asked, 'everybody signed out')
})

t.test('a sign-in on a remembered device that a sign-out overtakes opens no session that lives', async t => {
  for (let round = 0; round < 4; round++) {
    const { ada, device, tokens } = await remembered()
    const [answer] = await Promise.all([login(ada, device), as(app, tokens.access_token, 'POST', '/auth/logout', { scope: 'everywhere' })])
    t.ok([200, 401].includes(answer.statusCode), answer.body)
    if (answer.statusCode === 200) t.match(await refresh(app, answer.json().refresh_token), { statusCode: 401 })
    t.match(brief(await login(ada, device)), asked)
  }
})

t.test('Redis may lose everything: what is remembered is in the database', async t => {
  const { ada, device } = await remembered()
  for (const key of await app.redis.keys(`${deployment.REDIS_KEY_PREFIX}*`)) await app.redis.del(key.slice(deployment.REDIS_KEY_PREFIX.length))
  t.match(await login(ada, device), { statusCode: 200 })
})

t.test('a browser is remembered by the cookie that names it', async t => {
  const ada = await guarded(app)
  const browser = openBrowser(app)
  await browser.send('POST', '/auth/login', { email: ada.email, password, transport: 'cookie' })
  t.match(await browser.send('POST', '/auth/login/second-factor', { code: codeAt(app, ada), remember_device: true }), { statusCode: 200 })
  await browser.send('POST', '/auth/logout')
  t.match(await browser.send('POST', '/auth/login', { email: ada.email, password, transport: 'cookie' }), { statusCode: 200 })
  t.match(brief(await openBrowser(app).send('POST', '/auth/login', { email: ada.email, password, transport: 'cookie' })), asked, 'another browser')
  t.notOk((await eventsOf(app, ada.user.id)).includes('authn_login_fail'))
})

t.test('the link of a reset remembers nothing', async t => {
  const { ada } = await remembered()
  const { mfa_token: pending } = (await login(ada)).json()
  t.match(await post(app, '/auth/login/second-factor', { mfa_token: pending, reset_token: await mailedToken(app, 'second_factor_reset', ada.user.id), remember_device: true }), { statusCode: 422 })
})

/** A code that has not been used: the clock moves to the next one. */
function freshCode (ada: Guarded) {
  nextStep(app)
  return codeAt(app, ada)
}

async function remembered () {
  const ada = await guarded(app)
  const tokens = await complete(ada, { code: codeAt(app, ada), remember_device: true })
  nextStep(app)
  return { ada, tokens, device: tokens.device_token }
}

async function complete (ada: Guarded, proof: object, node = app): Promise<Tokens> {
  const { mfa_token: token } = (await login(ada, undefined, node)).json()
  const answer = await post(node, '/auth/login/second-factor', { mfa_token: token, ...proof })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}

async function login (ada: Guarded, device?: string, node = app) {
  return await post(node, '/auth/login', { email: ada.email, password: ada.password, ...device !== undefined && { device_token: device } })
}

async function chief () {
  const [found] = await app.database<{ id: string }>`select id from users where role = 'super_admin'`
  const id = found?.id ?? (await guarded(app, { role: 'super_admin' })).user.id
  return by(id)
}
