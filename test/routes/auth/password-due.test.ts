import t from 'tap'
import type { Test } from 'tap'
import { createAuthenticator } from '../../support/accounts/authenticator.ts'
import { addTotp, claimsOf, codeAt, demand, guarded, mailedToken, nextStep } from '../../support/accounts/factors.ts'
import type { Guarded } from '../../support/accounts/factors.ts'
import { holder, origin } from '../../support/accounts/passkeys.ts'
import { brief, by, person } from '../../support/accounts/people.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, password, post, refresh, signIn, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'

const deployment = await deploy(t, { REMEMBER_DEVICE: '10d' })
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const chief = await guarded(app, { role: 'super_admin' })
const changed = 'seven quiet herons over reeds'
const weak = { status: 401, code: 'reauthentication_required' }
const due = { status: 403, code: 'password_change_required' }

t.test('a session of a remembered device changes the password after both factors have been proved in it', async t => {
  const { ada, tokens } = await remembered()
  await requireChange(ada)
  t.match(brief(await change(tokens)), weak)
  const proved = await as(app, tokens.access_token, 'POST', '/auth/reauthenticate', { password, code: codeAt(app, ada) })
  t.equal(proved.statusCode, 200, proved.body)
  t.match(brief(await as(app, proved.json().access_token, 'GET', '/auth/sessions')), due, 'the change is still due')
  await frees(t, proved.json())
})

t.test('no device is remembered while the password has to be changed: the sign-in asks for both, and then it is changed', async t => {
  const { ada, device } = await remembered()
  await requireChange(ada)
  const first = await post(app, '/auth/login', { email: ada.email, password, device_token: device })
  t.match(brief(first), { status: 401, code: 'mfa_required' })
  const { mfa_token: pending } = first.json()
  const answer = await post(app, '/auth/login/second-factor', { mfa_token: pending, code: codeAt(app, ada), remember_device: true })
  t.match(claimsOf(answer.json()), { acr: 'urn:latchkey:acr:2fa', must_change_password: true })
  t.match(brief(await post(app, '/auth/login', { email: ada.email, password, device_token: device })), { code: 'mfa_required' })
  await frees(t, answer.json())
})

t.test('the session of a reset link adds an authenticator app first, then changes the password', async t => {
  const ada = await guarded(app)
  await requireChange(ada)
  const tokens = await enterByLink(ada)
  t.match(brief(await change(tokens)), weak)
  t.match(brief(await as(app, tokens.access_token, 'GET', '/auth/sessions')), due)
  t.match(await as(app, tokens.access_token, 'GET', '/auth/second-factors'), { statusCode: 200 })
  for (const [method, path] of [['DELETE', '/auth/totp'], ['POST', '/auth/recovery-codes']] as const) t.match(brief(await as(app, tokens.access_token, method, path)), weak, `${method} ${path}`)

  const { answer } = await addTotp(app, tokens.access_token)
  t.equal(answer.statusCode, 200, answer.body)
  t.match(brief(await as(app, answer.json().access_token, 'GET', '/auth/second-factors')), due, 'the factors are done, so the password is next')
  await frees(t, answer.json())
})

t.test('the session of a reset link adds a passkey, proves it, then changes the password', async t => {
  const ada = await guarded(app)
  await requireChange(ada)
  const tokens = await enterByLink(ada)
  const key = createAuthenticator({ origin })
  const options = (await as(app, tokens.access_token, 'POST', '/auth/passkeys/options', { kind: 'passkey' })).json().public_key
  const added = await as(app, tokens.access_token, 'POST', '/auth/passkeys', { credential: key.create(options), name: 'New phone' })
  t.equal(added.statusCode, 201, added.body)
  t.match(brief(await change(added.json())), weak)
  await frees(t, await prove(added.json(), key))
})

t.test('a session by one factor, where the role has come to demand two, proves the second one and changes the password', async t => {
  const ada = await holder(app)
  await app.database`update users set role = 'vendor', approval = 'approved', version = version + 1 where id = ${ada.user.id}`
  await demand(app, 'vendor')
  const tokens: Tokens = (await refresh(app, ada.tokens.refresh_token)).json()
  await requireChange(ada)
  t.match(brief(await change(tokens)), weak)
  await frees(t, await prove(tokens, ada.key))
})

t.test('a session that owes a factor and a password to its role may begin with either', async t => {
  await demand(app, 'accountant')
  const [ada, bob] = [await person(app, 'accountant'), await person(app, 'accountant')]
  for (const { id } of [ada, bob]) await requireChange({ user: { id } })
  const [first, second] = [await signIn(app, ada), await signIn(app, bob)]
  t.match(claimsOf(first), { must_change_password: true, must_enroll_second_factor: true })

  const afterwards: Tokens = (await change(first)).json()
  t.match(brief(await as(app, afterwards.access_token, 'GET', '/auth/sessions')), { status: 403, code: 'second_factor_enrollment_required' })
  t.match((await addTotp(app, afterwards.access_token)).answer, { statusCode: 200 })

  await frees(t, (await addTotp(app, second.access_token)).answer.json())
})

t.test('while a password is due, a session that owes no factor touches none', async t => {
  const ada = await holder(app)
  await requireChange(ada)
  for (const [method, path] of [['GET', '/auth/second-factors'], ['POST', '/auth/totp'], ['POST', '/auth/passkeys/options']] as const) {
    t.match(brief(await as(app, ada.tokens.access_token, method, path, path.endsWith('options') ? { kind: 'passkey' } : undefined)), due, `${method} ${path}`)
  }
})

/** Changes the password in a session, which is then free to do everything. */
async function frees (t: Test, tokens: Pick<Tokens, 'access_token'>) {
  const answer = await change(tokens)
  t.equal(answer.statusCode, 200, answer.body)
  t.match(answer.json(), { user: { must_change_password: false } })
  t.match(await as(app, answer.json().access_token, 'GET', '/auth/sessions'), { statusCode: 200 })
}

async function change ({ access_token: token }: Pick<Tokens, 'access_token'>) {
  return await as(app, token, 'POST', '/auth/password/change', { current_password: password, new_password: changed })
}

/** Proves a passkey again in a session. */
async function prove ({ access_token: token }: Pick<Tokens, 'access_token'>, key: ReturnType<typeof createAuthenticator>): Promise<Tokens> {
  const options = await as(app, token, 'POST', '/auth/reauthenticate/options')
  const answer = await as(app, token, 'POST', '/auth/reauthenticate', { credential: key.get(options.json().public_key) })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}

async function requireChange ({ user }: { user: { id: string } }) {
  await app.userAdministration.requirePasswordChange(user.id, by(chief.user.id))
}

/** Signs in by the password and the link of a reset. */
async function enterByLink (ada: Guarded): Promise<Tokens> {
  const { mfa_token: pending } = (await post(app, '/auth/login', { email: ada.email, password })).json()
  const token = await mailedToken(app, 'second_factor_reset', ada.user.id)
  const answer = await post(app, '/auth/login/second-factor', { mfa_token: pending, reset_token: token })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}

/** An account, its remembered device, and a session that the password alone has opened there. */
async function remembered () {
  const ada = await guarded(app)
  const { mfa_token: pending } = (await post(app, '/auth/login', { email: ada.email, password })).json()
  const { device_token: device } = (await post(app, '/auth/login/second-factor', { mfa_token: pending, code: codeAt(app, ada), remember_device: true })).json()
  nextStep(app)
  const tokens: Tokens = (await post(app, '/auth/login', { email: ada.email, password, device_token: device })).json()
  return { ada, device, tokens }
}
