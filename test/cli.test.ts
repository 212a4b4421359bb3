import { randomUUID } from 'node:crypto'
import t from 'tap'
import { claimsOf, demand, guarded, mailedToken } from './support/accounts/factors.ts'
import { enter, holder } from './support/accounts/passkeys.ts'
import { disable } from './support/accounts/people.ts'
import { run, runProcess } from './support/command.ts'
import { connect, makeDatabase } from './support/database.ts'
import { as, deploy, freshAddress, password, post, refresh, signIn, signUp, start } from './support/helper.ts'
import type { Tokens } from './support/helper.ts'
import { mailJobs, trail } from './support/trail/evidence.ts'
import { until } from './support/until.ts'

t.test('wrong usage prints the usage and exits with 2', async t => {
  await Promise.all([['nonsense'], [], ['migrate', '--to', 'x'], ['create-admin'], ['rotate-keys', '--force']].map(async args => {
    const { code, stdout, stderr } = await runProcess({}, args)
    t.match({ code, stdout }, { code: 2, stdout: '' }, args.join(' '))
    t.match(stderr, /Usage|There is no command|--to takes/)
    t.notMatch(stderr, /\n {4}at /)
  }))
})

t.test('help is no error', async t => {
  for (const args of [['--help'], ['migrate', '--help']]) t.match(await runProcess({}, args), { code: 0, stdout: /latchkey .*\n(.|\n)*migrate \[--to N \[--yes\]\]/, stderr: '' })
})

t.test('wrong settings are reported by name, without a stack', async t => {
  const { code, stderr } = await runProcess({ NODE_ENV: 'test' }, ['sign-out-everyone'])

  t.equal(code, 1)
  t.match(stderr, /DATABASE_URL.*\n(.|\n)*\.env\.example/)
  t.notMatch(stderr, /\n {4}at /)
})

t.test('migrate needs no keys, prints nothing extra in a pipe and can print JSON', async t => {
  const { directUrl } = await makeDatabase(t, { migrated: false })
  const env = { NODE_ENV: 'test', DATABASE_URL: directUrl }
  const first = await runProcess(env, ['migrate', '--json'])
  const { to } = JSON.parse(first.stdout)

  t.match(first, { code: 0, stderr: '' })
  t.match(await run(env, ['migrate', '--to', '2']), { code: 1, stdout: '', stderr: /removes data:\n(.|\n)*drop table audit_seals\n(.|\n)*drop table users\n(.|\n)*--yes/ })
  t.match(await run(env, ['migrate']), { stdout: `The database is at version ${to}.\n` }, 'nothing has happened')
  t.strictSame(JSON.parse((await run(env, ['migrate', '--to', '2', '--yes', '--json'])).stdout), { from: to, to: 2 })
  t.match(await run(env, ['migrate']), { code: 0, stdout: `The database was at version 2 and is now at version ${to}.\n`, stderr: '' })
  t.match(await run(env, ['migrate']), { code: 0, stdout: `The database is at version ${to}.\n` })
  t.match(await run(env, ['migrate', '--to', '999']), { code: 1, stdout: '', stderr: /There is no version 999/ })
})

t.test('an error of the database is reported in one line', async t => {
  const { code, stderr } = await run({ NODE_ENV: 'test', DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/none' }, ['migrate'])

  t.equal(code, 1)
  t.match(stderr, /ECONNREFUSED/)
  t.notMatch(stderr, /secret|\n {4}at /)
})

t.test('a user who has lost the second factors gets a link from an operator, too', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment, { workers: false })
  const ada = await guarded(app, { role: 'super_admin' })
  const made = await runProcess(deployment, ['reset-second-factors', ada.email.toUpperCase()])
  t.match(made, { code: 0, stderr: '', stdout: new RegExp(`^${ada.email} gets a mail with a link`) })

  const operator = { ip: '127.0.0.1', userAgent: null, requestId: 'test' }
  const { startAsOperator: begin } = app.userAdministration.factorResets
  await t.rejects(begin(freshAddress(), operator), { code: 'not_found', cause: { message: 'No active account has this address.' } })
  await t.rejects(begin((await signUp(app)).email, operator), { code: 'conflict', cause: { message: /no second factor/ } })
  await t.rejects(begin('no address', operator), { code: 'invalid_request' })

  const mails = await mailJobs(app, 'second_factor_reset')
  t.equal(mails.length, 1)
  t.match((await trail(app, ada.user.id)).at(-1), { event: 'authn_factor_reset', reason: 'requested', actorId: null })
  const { mfa_token: pending } = (await post(app, '/auth/login', { email: ada.email, password })).json()
  const token = app.oneTimeTokens.tokenOf('second_factor_reset', mails[0]?.['tokenId'] ?? '')
  t.match(await post(app, '/auth/login/second-factor', { mfa_token: pending, reset_token: token }), { statusCode: 200 })
})

t.test('an operator gives back an account on which a thief has a passkey and has switched two steps on', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment, { workers: false })
  const thief = await holder(app)
  const strong: Tokens = (await enter(app, thief)).json()
  const on = await as(app, strong.access_token, 'PUT', '/auth/two-step', { enabled: true })
  t.equal(on.statusCode, 200, on.body)
  await disable(app, thief.user.id)
  await app.database`update users set must_change_password = true where id = ${thief.user.id}`
  const link = await mailedToken(app, 'password_reset', thief.user.id)
  const made = await runProcess(deployment, ['reset-second-factors', thief.email, '--remove'])
  t.match(made, { code: 0, stderr: '', stdout: new RegExp(`^Every second factor and the password of ${thief.email} are removed`) })

  const state = await app.database`select status, two_step, password_hash, must_change_password from users where id = ${thief.user.id}`
  t.match(state, [{ status: 'disabled', twoStep: false, passwordHash: null, mustChangePassword: false }], 'it stays disabled')
  t.strictSame(await app.database`select 1 from one_time_tokens where user_id = ${thief.user.id}`, [])
  t.strictSame((await mailJobs(app)).filter(({ userId }) => userId === thief.user.id).map(({ kind }) => kind).filter(kind => /removed|reset/.test(kind)), ['second_factors_removed'])
  const events = (await trail(app, thief.user.id)).slice(-2)
  t.match(events, [{ event: 'authn_factor_reset', reason: 'removed', actorId: null }, { event: 'authn_password_removed', reason: 'by_operator', actorId: null }])

  await app.database`update users set status = 'active' where id = ${thief.user.id}`
  t.match((await enter(app, thief)).json(), { status: 401, code: 'passkey_unknown' })
  t.match((await post(app, '/auth/login', { email: thief.email, password })).json(), { status: 401, code: 'invalid_credentials' })
  t.match(await refresh(app, on.json().refresh_token), { statusCode: 401 })
  const chosen = 'seven quiet herons over reeds'
  t.match((await post(app, '/auth/password/reset', { token: link, new_password: chosen })).json(), { code: 'token_invalid' }, 'no link of before')

  t.match(await post(app, '/auth/password/forgot', { email: thief.email }), { statusCode: 202 })
  const [mail] = (await mailJobs(app, 'password_reset')).slice(-1)
  const token = app.oneTimeTokens.tokenOf('password_reset', mail?.['tokenId'] ?? '')
  t.match(await post(app, '/auth/password/reset', { token, new_password: chosen }), { statusCode: 200 })
  t.match(await post(app, '/auth/login', { email: thief.email, password: chosen }), { statusCode: 200 })
})

t.test('--remove takes the password also where no factor is left, and an account that has neither is refused', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment, { workers: false })
  const ada = await signUp(app)
  t.match(await run(deployment, ['reset-second-factors', ada.email, '--remove', '--json']), { code: 0, stdout: /"outcome":"removed"/ })
  t.match(await post(app, '/auth/login', { email: ada.email, password }), { statusCode: 401 })
  t.match(await run(deployment, ['reset-second-factors', ada.email, '--remove']), { code: 1, stdout: '', stderr: 'The account has neither a second factor nor a password.\n' })
  t.match(await run(deployment, ['reset-second-factors', freshAddress(), '--remove']), { code: 1, stdout: '', stderr: 'No account has this address.\n' })
})

t.test('the first administrator can sign in; a second one needs an explicit confirmation', async t => {
  const deployment = await deploy(t)
  const [email, other] = [freshAddress(), freshAddress()]
  const made = await runProcess(deployment, ['create-admin', email.toUpperCase(), '--name', 'Grace Hopper', '--json'], `${password}\n`)
  t.match(made, { code: 0, stderr: '' })
  t.match(JSON.parse(made.stdout), { id: String })

  t.match(await run(deployment, ['create-admin', other], password), { code: 1, stdout: '', stderr: 'There is an active super_admin already.\n' })
  t.match(await run(deployment, ['create-admin', email, '--another'], password), { code: 1, stderr: /has an account/ })
  t.match(await run(deployment, ['create-admin', other, '--another'], password), { code: 0 })

  const app = await start(t, deployment)
  await demand(app, 'super_admin')
  const { user, ...tokens } = await signIn(app, { email, password })
  t.match(claimsOf(tokens), { must_enroll_second_factor: true }, 'the first thing to do is to add a second factor')
  t.match(user, { role: 'super_admin', full_name: 'Grace Hopper', email_verified: true, status: 'active', approval: 'not_required' })
  const events = await app.database`select event, subject_id from audit_events where event = 'user_created' order by id`
  t.match(events, [{ subjectId: JSON.parse(made.stdout).id }, {}])
})

t.test('a password that breaks the rules makes no administrator', async t => {
  const deployment = await deploy(t)
  const sql = connect(t, deployment.DATABASE_URL)

  await Promise.all(['password', ''].map(async bad => {
    const { code, stderr } = await run(deployment, ['create-admin', freshAddress()], bad)
    t.equal(code, 1)
    t.match(stderr, /password/i)
    t.notMatch(stderr, /\n {4}at /)
  }))
  t.match(await run(deployment, ['create-admin', 'not an address', '--json'], password), { code: 1, stderr: /"code":"invalid_request".*not_an_address/ })
  t.equal((await sql`select id from users`).length, 0)
})

t.test('of two first administrators at once, one is made', async t => {
  const deployment = await deploy(t)
  const sql = connect(t, deployment.DATABASE_URL)
  const codes = await Promise.all([1, 2].map(async () => (await runProcess(deployment, ['create-admin', freshAddress()], password)).code))

  t.strictSame(codes.sort(), [0, 1])
  t.match(await sql`select count(*)::int from users`, [{ count: 1 }])
})

t.test('rotate-keys on a new deployment is postponed, and says until when', async t => {
  const deployment = await deploy(t)
  const { code, stdout } = await runProcess(deployment, ['rotate-keys'])
  const from = /signs from (\S+) on/.exec(stdout)?.[1] ?? ''

  t.equal(code, 0)
  t.ok(Date.parse(from) > Date.now() + 300_000)
})

t.test('rotate-keys --compromised invalidates every old token on a running node', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment)
  const ada = await signIn(app, await signUp(app))
  t.equal((await as(app, ada.access_token, 'GET', '/auth/me')).statusCode, 200)
  const result = await run(deployment, ['rotate-keys', '--compromised', '--json'])

  t.equal(result.code, 0)
  await until(async () => (await as(app, ada.access_token, 'GET', '/auth/me')).statusCode === 401)
  await until(() => app.keyring.current.signing?.kid === JSON.parse(result.stdout).kid)
  const jwks = (await app.inject('/.well-known/jwks.json')).json()
  t.ok(jwks.keys.some(({ kid }: { kid: string }) => kid === JSON.parse(result.stdout).kid))
})

t.test('sign-out-everyone ends every session on a running node', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment)
  const ada = await signIn(app, await signUp(app))
  t.match(await runProcess(deployment, ['sign-out-everyone']), { code: 0, stdout: 'Everybody is signed out.\n' })

  await until(async () => (await as(app, ada.access_token, 'GET', '/auth/me')).statusCode === 401)
  t.match((await as(app, ada.access_token, 'GET', '/auth/me')).json(), { code: 'session_ended', reason: 'everyone_signed_out' })
})

t.test('a command leaves the jobs to the servers', async t => {
  const deployment = await deploy(t)
  const sql = connect(t, deployment.DATABASE_URL)
  await sql`insert into jobs (queue, data) values ('mail', ${sql.json({ kind: 'registration', registrationId: randomUUID() })})`
  await run(deployment, ['sign-out-everyone'])

  t.match(await sql`select attempts from jobs`, [{ attempts: 0 }])
})
