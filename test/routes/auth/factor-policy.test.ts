import t from 'tap'
import { judgeFactorPolicies } from '../../../lib/doctor/factor-policies.ts'
import { createSignInStore } from '../../../lib/sessions/sign-in-store.ts'
import { createFactorPolicyStore } from '../../../lib/users/factor-policy-store.ts'
import { addTotp, claimsOf, codeAt, demand, guarded, mailedToken, nextStep } from '../../support/accounts/factors.ts'
import type { Guarded } from '../../support/accounts/factors.ts'
import { brief, enter, person, rowOf, signed } from '../../support/accounts/people.ts'
import { definition, freshRole, putRole } from '../../support/accounts/roles.ts'
import { introspect, makeService } from '../../support/accounts/services.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, password, post, refresh, signIn, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { eventsOf, mailJobs } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const deployment = await deploy(t, { ACCESS_TOKEN_TTL: '1h', REMEMBER_DEVICE: '30d', DB_POOL_MAX: '20' })
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const root = await signed(app, 'super_admin')
const day = 86_400_000
const due = { status: 403, code: 'second_factor_enrollment_required' }
const stronger = { status: 401, code: 'reauthentication_required', acr_values: 'urn:latchkey:acr:2fa phr' }

await demand(app, 'admin')
await other.roles.reload()

t.test('an administrator without a second factor signs in to add one, and to nothing else', async t => {
  const admin = await signed(app, 'admin')
  t.match(claimsOf(admin), { amr: ['pwd'], acr: 'urn:latchkey:acr:1fa', must_enroll_second_factor: true })

  for (const [method, path] of [['GET', '/users'], ['POST', '/users'], ['GET', '/auth/check'], ['GET', '/auth/sessions'], ['GET', '/auth/me/export'], ['PATCH', '/auth/me'], ['DELETE', '/auth/me'], ['POST', '/auth/email/change']] as const) t.match(brief(await as(app, admin.access_token, method, path)), due, `${method} ${path}`)
  t.match(await as(app, admin.access_token, 'GET', '/auth/me'), { statusCode: 200 })
  t.match((await as(app, admin.access_token, 'GET', '/auth/second-factors')).json(), { two_step: false, required: true, required_from: null, totp: null })
  t.strictSame((await introspect(app, await makeService(app), admin.access_token)).json(), { active: false })
  t.match(claimsOf((await refresh(other, admin.refresh_token)).json()), { must_enroll_second_factor: true })

  const { answer } = await addTotp(app, (await signIn(app, admin)).access_token)
  t.equal(answer.statusCode, 200, answer.body)
  const next: Tokens = answer.json()
  t.notOk('must_enroll_second_factor' in claimsOf(next))
  for (const node of [app, other]) t.match(await as(node, next.access_token, 'GET', '/users'), { statusCode: 200 }, 'at once, everywhere')
  t.match((await introspect(app, await makeService(app), next.access_token)).json(), { active: true })
})

t.test('the password may be changed meanwhile, which does not stand in for the factor', async t => {
  const admin = await signed(app, 'admin')
  const answer = await as(app, admin.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: 'seven quiet herons over reeds' })
  t.equal(answer.statusCode, 200, answer.body)
  t.match(brief(await as(app, answer.json().access_token, 'GET', '/users')), due)
})

t.test('an invitation and a reset of the password lead to the same place', async t => {
  const invited = await as(app, root.access_token, 'POST', '/users', { email: `${freshRole()}@example.com`, full_name: 'Grace Hopper', role: 'admin' })
  const { user } = invited.json()
  for (const purpose of ['invitation', 'password_reset'] as const) {
    const token = await mailedToken(app, purpose, user.id)
    const chosen = `${purpose} herons over reeds`
    t.match(await post(app, '/auth/password/reset', { token, new_password: chosen }), { statusCode: 200 })
    const tokens = await signIn(app, { email: user.email, password: chosen })
    t.match(brief(await as(app, tokens.access_token, 'GET', '/users')), due, purpose)
  }
})

t.test('an administrator who has a factor is asked for it, whatever the account itself says', async t => {
  const ada = await guarded(app, { role: 'admin' })
  await app.database`update users set two_step = false where id = ${ada.user.id}`
  const answer = await post(app, '/auth/login', { email: ada.email, password })
  t.match(answer.json(), { status: 401, code: 'mfa_required', methods: ['totp', 'recovery_code'] })
  t.equal((await app.database`select 1 from sessions where user_id = ${ada.user.id}`).length, 0)

  const tokens = await complete(ada, { code: codeAt(app, ada) })
  t.match(await as(app, tokens.access_token, 'GET', '/users'), { statusCode: 200 })
  const before = await rowOf(app, ada.user.id)
  t.match(brief(await as(app, tokens.access_token, 'DELETE', '/auth/totp')), { status: 409, code: 'last_factor' })
  t.match(brief(await as(app, (await complete(await guarded(app, { role: 'admin' }))).access_token, 'PUT', '/auth/two-step', { enabled: false })), { status: 409, code: 'last_factor' })
  t.match(await rowOf(app, ada.user.id), { sessionEpoch: before?.sessionEpoch })
  t.strictSame((await mailJobs(app, 'second_factor_removed')).filter(({ userId }) => userId === ada.user.id), [])

  const again = await as(app, tokens.access_token, 'POST', '/auth/reauthenticate', { password })
  t.match(again.json(), { code: 'mfa_required' }, 'the password alone proves nothing again')
  nextStep(app)
  const strong = await complete(ada, { code: codeAt(app, ada) })
  const changed = await as(app, strong.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: 'seven quiet herons over reeds' })
  t.match(claimsOf(changed.json()), { amr: ['pwd', 'otp', 'mfa'] }, 'a change of the password keeps what was proved')
})

t.test('the database itself opens no session of such an account for the password alone', async t => {
  const ada = await guarded(app, { role: 'admin' })
  await app.database`update users set two_step = false where id = ${ada.user.id}`
  const session = { id: root.session.id.replace(/^.{8}/, '00000000'), transport: 'bearer' as const, deviceId: root.session.id, deviceName: null, userAgent: null, ip: '127.0.0.1', amr: ['pwd'], now: new Date(app.clock.now()), expiresAt: new Date(app.clock.now() + day) }
  const event = app.audit.prepare({ event: 'authn_login_success', outcome: 'success', subject: null, caller: { ip: '127.0.0.1', userAgent: null, requestId: 'test' } })
  const { signIn: begin } = createSignInStore(app.database, { sessionsMax: 9 })
  const epochs = { id: ada.user.id, sessionEpoch: 0, deploymentEpoch: 0 }
  const ask = async (marks = {}) => await begin(epochs, session, event, app.database, marks)
  t.equal(await ask(), null)
  t.equal(await ask({ factorReset: root.session.id }), null, 'nor by a reset that nobody has begun')
  t.equal(await ask({ rememberedSince: new Date(0) }), null, 'nor on a device that nobody has remembered')
})

t.test('when a role begins to demand a factor, tokens of before no longer suffice, on any node', async t => {
  const name = freshRole()
  await putRole(app, root.access_token, name, { permissions: ['users:read'] })
  const [ada, bob] = [await guarded(app, { role: name }), await signed(app, name)]
  await app.database`update users set two_step = false where id = ${ada.user.id}`
  const [weak, strong] = [await signIn(app, ada), await complete(ada, undefined, true)]
  for (const tokens of [weak, strong, bob]) t.match(await as(other, tokens.access_token, 'GET', '/users'), { statusCode: 200 })

  t.match((await putRole(app, root.access_token, name, { permissions: ['users:read'], second_factor: 'required' })).json(), { role: { second_factor: 'required', second_factor_from: new Date(app.clock.now()).toISOString().slice(0, 16) } })
  for (const tokens of [weak, bob]) {
    t.match((await as(app, tokens.access_token, 'GET', '/users')).json(), stronger)
    await until(async () => (await as(other, tokens.access_token, 'GET', '/users')).statusCode === 401)
  }
  t.match(await as(app, strong.access_token, 'GET', '/users'), { statusCode: 200 })

  t.match((await as(app, weak.access_token, 'POST', '/auth/reauthenticate', { password })).json(), { code: 'mfa_required' }, 'who has a factor proves it')
  const enrolling = await as(app, bob.access_token, 'POST', '/auth/reauthenticate', { password })
  t.equal(enrolling.statusCode, 200, enrolling.body)
  t.match(claimsOf(enrolling.json()), { must_enroll_second_factor: true }, 'who has none goes on to add one')
  t.match(brief(await as(app, enrolling.json().access_token, 'GET', '/users')), due)
  t.match(await addTotp(app, enrolling.json().access_token), { answer: { statusCode: 200 } })
})

t.test('a user who is given such a role is asked for the factor at once', async t => {
  const ada = await signed(app)
  t.match((await as(app, root.access_token, 'PATCH', `/users/${ada.id}`, { role: 'admin' })).json(), { user: { role: 'admin' } })
  t.match((await as(app, ada.access_token, 'GET', '/users')).json(), stronger)
  t.match(brief(await as(app, (await enter(app, ada)).access_token, 'GET', '/users')), due)
  await as(app, root.access_token, 'PATCH', `/users/${ada.id}`, { role: 'accountant' })
  t.match(await as(app, (await enter(app, ada)).access_token, 'GET', '/users'), { statusCode: 200 }, 'and no longer, when it is taken away')
})

t.test('until its date a policy asks nobody, and tells everybody when it will', async t => {
  const name = freshRole()
  const from = new Date(app.clock.now() + 14 * day)
  await putRole(app, root.access_token, name, { permissions: ['users:read'], second_factor: 'required', second_factor_from: from.toISOString() })
  const ada = await signed(app, name)
  t.notOk('must_enroll_second_factor' in claimsOf(ada))
  t.match(await as(app, ada.access_token, 'GET', '/users'), { statusCode: 200 })
  t.match((await as(app, ada.access_token, 'GET', '/auth/second-factors')).json(), { required: false, required_from: from.toISOString() })

  app.clock.advance(14 * day)
  const tokens = await signIn(app, ada)
  t.match(claimsOf(tokens), { must_enroll_second_factor: true })
  t.match(brief(await as(app, tokens.access_token, 'GET', '/users')), due, 'no store has to be told')
})

t.test('a change of a role that says nothing about factors keeps what it demands', async t => {
  const { access_token: token } = await enter(app, root)
  const name = freshRole()
  const { second_factor: _, second_factor_from: __, ...silent } = definition()
  const put = async (fields: object) => await as(app, token, 'PUT', `/roles/${name}`, { ...silent, ...fields })
  t.match((await put({})).json(), { role: { second_factor: 'optional', second_factor_from: null } })
  const { role } = (await put({ second_factor: 'required' })).json()
  app.clock.advance(1000)
  t.strictSame((await put({ rank: 31 })).json().role, { ...role, rank: 31 })
  t.strictSame((await put({ rank: 31, second_factor: 'required' })).json().role, { ...role, rank: 31 }, 'nor does saying it again put the date off')

  for (const wrong of [{ second_factor: 'sometimes' }, { second_factor: null }, { second_factor_from: 'soon' }, { second_factor: 'required', second_factor_from: '2026-12-31T23:59:60Z' }, { second_factor_from: 1 }]) t.match(brief(await put(wrong)), { status: 422, code: 'invalid_request' }, JSON.stringify(wrong))
  t.match(brief(await as(app, token, 'PUT', '/roles/super_admin', { ...silent, rank: 100, second_factor: 'optional' })), { status: 403 }, 'nobody lifts it from the highest role')
})

t.test('a date that is no year of 1970 to 9999 in UTC is refused, and nothing is written', async t => {
  const { access_token: token } = await enter(app, root)
  const name = freshRole()
  const put = async (from: string) => await putRole(app, token, name, { second_factor: 'required', second_factor_from: from })
  for (const beyond of ['9999-12-31T23:59:59-01:00', '9999-12-31T23:59:59-23:59', '0000-01-01T00:00:00+23:59', '0000-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '1970-01-01T00:00:00+00:01']) {
    t.match((await put(beyond)).json(), { status: 422, errors: [{ path: '/second_factor_from', code: 'wrong_format' }] }, beyond)
  }
  t.strictSame(await app.database`select name from roles where name = ${name}`, [])

  for (const [within, at] of [['1970-01-01T00:59:59+00:59', '1970-01-01T00:00:59.000Z'], ['9999-12-31T22:59:59-01:00', '9999-12-31T23:59:59.000Z']] as const) {
    t.match((await put(within)).json(), { role: { second_factor_from: at } }, within)
    t.match((await as(app, token, 'GET', '/roles')).json().roles.find((role: { name: string }) => role.name === name), { second_factor_from: at }, 'and is read again')
  }
})

t.test('a code of an app does not satisfy a role that demands a method that resists phishing', async t => {
  const name = freshRole()
  await app.database`insert into roles (name, rank, user_type, second_factor) values (${name}, 30, 'staff', 'phishing_resistant')`
  await app.roles.reload()
  const ada = await guarded(app, { role: name })
  const tokens = await complete(ada)
  t.match(claimsOf(tokens), { acr: 'urn:latchkey:acr:2fa', must_enroll_second_factor: true })
  t.match(brief(await as(app, tokens.access_token, 'GET', '/auth/sessions')), due)
})

t.test('whichever comes first, the removal of the last factor or the demand for one, nobody stays in without', async t => {
  for (let round = 0; round < 3; round++) {
    const name = freshRole()
    const { access_token: token } = await enter(app, root)
    await putRole(app, token, name, { permissions: ['users:read'] })
    const ada = await guarded(app, { role: name })
    await app.database`update users set two_step = false where id = ${ada.user.id}`
    const tokens = await complete(ada, undefined, true)
    const [put, removed] = await Promise.all([
      putRole(app, token, name, { permissions: ['users:read'], second_factor: 'required' }),
      as(app, tokens.access_token, 'DELETE', '/auth/totp')
    ])
    t.equal(put.statusCode, 200, put.body)
    t.ok([200, 409, 503].includes(removed.statusCode), removed.body)
    const held: Tokens = removed.statusCode === 200 ? removed.json() : tokens
    const answer = await as(app, held.access_token, 'GET', '/users')
    t.equal(answer.statusCode, removed.statusCode === 200 ? 401 : 200, answer.body)
  }
})

t.test('no device is remembered where the role demands a factor', async t => {
  const name = freshRole()
  await app.database`insert into roles (name, rank, user_type) values (${name}, 30, 'staff')`
  await app.roles.reload()
  const ada = await guarded(app, { role: name })
  const { device_token: device } = await complete(ada, { code: codeAt(app, ada), remember_device: true })
  const login = async () => await post(app, '/auth/login', { email: ada.email, password, device_token: device })
  const session = await login()
  t.match(session, { statusCode: 200 })

  await demand(app, name)
  t.match((await login()).json(), { code: 'mfa_required' }, 'a device that was remembered before is asked, too')
  t.match((await as(app, session.json().access_token, 'GET', '/auth/sessions')).json(), stronger)
  nextStep(app)
  const { device_token: next } = await complete(ada, { code: codeAt(app, ada), remember_device: true })
  t.match((await post(app, '/auth/login', { email: ada.email, password, device_token: next })).json(), { code: 'mfa_required' })
})

t.test('no factor is taken away while the role is about to demand it', async t => {
  const name = freshRole()
  await app.database`insert into roles (name, rank, user_type) values (${name}, 30, 'staff')`
  await app.roles.reload()
  const ada = await guarded(app, { role: name })
  const { access_token: token } = await complete(ada)
  const { access_token: next } = (await as(app, token, 'PUT', '/auth/two-step', { enabled: false })).json()
  let answer: ReturnType<typeof as> | undefined

  await app.database.begin(async tx => {
    await tx`update roles set second_factor = 'required', second_factor_from = ${new Date(0)} where name = ${name}`
    answer = as(app, next, 'DELETE', '/auth/totp')
    await until(async () => (await app.database`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).length > 0)
  })
  t.match(await answer, { statusCode: 409 })
  t.equal((await app.database`select id from totp_secrets where user_id = ${ada.user.id}`).length, 1)
})

t.test('whoever must add a factor can still sign out, and leaves only that in the trail', async t => {
  const admin = await person(app, 'admin')
  const tokens = await enter(app, admin)
  t.match(await as(app, tokens.access_token, 'POST', '/auth/logout'), { statusCode: 204 })
  t.notOk((await eventsOf(app, admin.id)).includes('authz_fail'))
})

t.test('the doctor counts who lacks what a role demands, or will demand', async t => {
  const [name, later, from] = [freshRole(), freshRole(), new Date(app.clock.now() + 3 * day)]
  await app.database`insert into roles (name, rank, user_type, second_factor, second_factor_from) values (${name}, 30, 'staff', 'required', ${new Date(0)}), (${later}, 30, 'staff', 'required', ${from})`
  await app.roles.reload()
  for (const role of [name, later]) await guarded(app, { role })
  for (const role of [name, name, later]) await person(app, role)
  const all = await createFactorPolicyStore(app.database).listGaps()
  const gaps = all.filter(({ role }) => [name, later].includes(role))
  gaps.sort((one, two) => two.count - one.count)
  t.strictSame(gaps, [{ role: name, from: new Date(0), count: 2 }, { role: later, from, count: 1 }])
  t.match(judgeFactorPolicies(gaps, app.clock.now()).map(({ message }) => message).sort(), [`2 users with the role ${name} can only`, `From ${from.toISOString()} on, 1 user with the role ${later} can only`].map(text => new RegExp(`^${text}`)))
  t.strictSame(judgeFactorPolicies([{ role: name, from, count: 0 }], 0), [])
})

/** Signs in by both factors. `proves`: in a session that the password alone has opened. */
async function complete (ada: Guarded, proof: object = { code: codeAt(app, ada) }, proves = false): Promise<Tokens> {
  if (proves) {
    const { access_token: token } = await signIn(app, ada)
    const answer = await as(app, token, 'POST', '/auth/reauthenticate', { password, ...proof })
    if (answer.statusCode !== 200) throw new Error(answer.body)
    return answer.json()
  }
  const { mfa_token: token } = (await post(app, '/auth/login', { email: ada.email, password })).json()
  const answer = await post(app, '/auth/login/second-factor', { mfa_token: token, ...proof })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}
