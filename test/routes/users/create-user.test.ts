import { randomUUID } from 'node:crypto'
import t from 'tap'
import { changeAddress, undoChange } from '../../support/accounts/email-changes.ts'
import { brief, rowOf, signed, vendor } from '../../support/accounts/people.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, build, deploy, freshAddress, post, signIn, start } from '../../support/helper.ts'
import { mailJobs, trail } from '../../support/trail/evidence.ts'

const app = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })
const admin = await signed(app, 'admin')
const chief = await signed(app, 'super_admin')
const forbidden = { status: 403, code: 'forbidden' }

t.test('only the invited person chooses the password of a new account', async t => {
  const email = freshAddress()
  const answer = await as(app, admin.access_token, 'POST', '/users', { email: email.toUpperCase(), full_name: 'Grace Hopper', role: 'accountant', locale: 'de' })
  t.equal(answer.statusCode, 201)
  const { user } = answer.json()
  t.match(user, { full_name: 'Grace Hopper', role: 'accountant', user_type: 'staff', locale: 'de', status: 'active', approval: 'not_required', email_verified: false, vendor_id: null, last_login_at: null })
  t.notMatch(answer.body, /token|password_hash|version/)
  t.match(await rowOf(app, user.id), { passwordHash: null, emailVerified: false })

  t.match((await trail(app, user.id)).at(-1), { event: 'user_created', reason: 'by_administrator', actorId: admin.id, read: { after: { role: 'accountant', full_name: 'Grace Hopper' } } })
  const [token] = await app.database<{ id: string, days: number }>`select id, extract(epoch from expires_at - created_at)::int / 86400 as days from one_time_tokens where user_id = ${user.id} and purpose = 'invitation'`
  t.equal(token?.days, 7)
  t.strictSame((await mailJobs(app, 'invitation')).filter(job => job['tokenId'] === token?.id), [{ kind: 'invitation', tokenId: token?.id }])

  t.match(brief(await post(app, '/auth/login', { email, password: '' })), { status: 422 })
  t.match(brief(await post(app, '/auth/login', { email, password: 'whatever one tries' })), { status: 401, code: 'invalid_credentials' })
  const invitation = app.oneTimeTokens.tokenOf('invitation', token?.id ?? '')
  t.match(brief(await post(app, '/auth/password/reset', { token: invitation, new_password: 'another long walk through snow' })), { status: 200 })
  t.match(await rowOf(app, user.id), { emailVerified: true })
  t.match(await signIn(app, { email, password: 'another long walk through snow' }), { user: { role: 'accountant' } })
  t.match(brief(await post(app, '/auth/password/reset', { token: invitation, new_password: 'a third long walk through snow' })), { status: 422, code: 'token_invalid' })
})

t.test('nobody is invited to an address that its owner may still restore, and the owner restores it', async t => {
  const ada = await signed(app)
  const { undo } = await changeAddress(app, ada)
  const invited = { email: ada.email, full_name: 'Ada', role: 'user' }
  const jobs = (await mailJobs(app)).length

  t.match(brief(await as(app, admin.access_token, 'POST', '/users', invited)), { status: 409, code: 'conflict' })
  t.strictSame(await app.database`select id from users where email_canonical = ${ada.email}`, [])
  t.equal((await mailJobs(app)).length, jobs, 'no mail')
  t.match(brief(await undoChange(app, undo)), { status: 200 })
  t.match(await rowOf(app, ada.id), { email: ada.email })
})

t.test('an invitation that was not accepted is sent once more', async t => {
  const { user } = (await as(app, admin.access_token, 'POST', '/users', { email: freshAddress(), full_name: 'Grace', role: 'user' })).json()
  t.match(brief(await as(app, admin.access_token, 'POST', `/users/${user.id}/password-reset`)), { status: 204 })
  t.match(await app.database`select purpose from one_time_tokens where user_id = ${user.id}`, [{ purpose: 'invitation' }, { purpose: 'invitation' }])
})

t.test('an address with an account is a conflict, even for two requests at once', async t => {
  const email = freshAddress()
  const make = (address: string) => as(app, admin.access_token, 'POST', '/users', { email: address, full_name: 'Grace', role: 'user' })
  const answers = await Promise.all(Array.from({ length: 10 }, (_, place) =>
    make(place % 2 ? email : email.toUpperCase())))
  t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [201, ...Array(9).fill(409)])
  t.match(brief(await make(email)), { status: 409, code: 'conflict' })
  t.equal((await app.database`select id from users where email_canonical = ${email}`).length, 1)
  t.equal((await app.database`select o.id from one_time_tokens o join users u on u.id = o.user_id where u.email_canonical = ${email}`).length, 1, 'one invitation')
})

t.test('nobody creates a user at or above their own rank', async t => {
  const email = freshAddress()
  for (const role of ['admin', 'super_admin']) t.match(brief(await as(app, admin.access_token, 'POST', '/users', { email, full_name: 'Grace', role })), forbidden)
  t.match((await trail(app, null)).at(-1), { event: 'authz_fail', reason: 'rank', actorId: admin.id, read: { route: '/api/v1/users' } })
  t.strictSame(await app.database`select id from users where email_canonical = ${email}`, [])
  t.match(brief(await as(app, chief.access_token, 'POST', '/users', { email, full_name: 'Grace', role: 'super_admin' })), { status: 201 })
  await app.database`delete from users where email_canonical = ${email}`
})

t.test('unknown and forbidden fields and values create nobody', async t => {
  const good = { email: freshAddress(), full_name: 'Grace', role: 'user' }
  for (const [change, path] of [
    [{ password: 'a long walk through snow' }, '/password'], [{ email_verified: true }, '/email_verified'], [{ approval: 'approved' }, '/approval'], [{ id: randomUUID() }, '/id'], [{ status: 'active' }, '/status'],
    [{ role: 'no_such_role' }, '/role'], [{ role: 'super_admin; drop table users' }, '/role'], [{ vendor_id: randomUUID() }, '/vendor_id'], [{ vendor_id: 'x' }, '/vendor_id'], [{ email: 'nobody' }, '/email'], [{ full_name: '' }, '/full_name'], [{ locale: '' }, '/locale']
  ] as const) {
    t.match((await as(app, chief.access_token, 'POST', '/users', { ...good, ...change })).json(), { status: 422, code: 'invalid_request', errors: [{ path }] }, JSON.stringify(change))
  }
  t.strictSame(await app.database`select id from users where email_canonical = ${good.email}`, [])
})

t.test('a vendor’s user is approved when created, and belongs to the vendor', async t => {
  const id = await vendor(app)
  const { user } = (await as(app, admin.access_token, 'POST', '/users', { email: freshAddress(), full_name: 'Grace', role: 'vendor', vendor_id: id })).json()
  t.match(user, { role: 'vendor', approval: 'approved', vendor_id: id, user_type: 'vendor' })
})

t.test('an administrator who may not approve lets nobody in, not through another role either', async t => {
  await app.database`insert into roles (name, rank, user_type) values ('clerk', 50, 'staff')`
  await app.database`insert into role_permissions (role, permission) values ('clerk', 'users:write'), ('clerk', 'users:read')`
  await app.roles.reload()
  const clerk = await signed(app, 'clerk')

  const { user } = (await as(app, clerk.access_token, 'POST', '/users', { email: freshAddress(), full_name: 'Grace', role: 'vendor' })).json()
  t.match(user, { approval: 'pending' })
  t.ok((await mailJobs(app, 'approval')).some(job => job['applicantId'] === user.id && job['userId'] === admin.id && job['stage'] === 'pending'), 'those who may are told')
  for (const role of ['user', 'vendor']) t.match((await as(app, clerk.access_token, 'PATCH', `/users/${user.id}`, { role })).json(), { user: { role, approval: 'pending' } })
  t.match((await as(app, admin.access_token, 'PATCH', `/users/${user.id}`, { role: 'user' })).json(), { user: { approval: 'not_required' } })
})

t.test('the mails to one address are limited', async t => {
  const app = await build(t, { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_MAIL: '2/1h' })
  const [admin, ada] = [await signed(app, 'admin'), await signed(app)]
  const send = () => as(app, admin.access_token, 'POST', `/users/${ada.id}/password-reset`)
  t.strictSame([(await send()).statusCode, (await send()).statusCode], [204, 204])
  const third = await send()
  t.match(brief(third), { status: 429, code: 'rate_limited' })
  t.ok(third.headers['retry-after'])
  t.equal((await app.database`select id from one_time_tokens where user_id = ${ada.id}`).length, 2)
})

t.test('once nothing can restore an address any more, it can be invited', async t => {
  const ada = await signed(app)
  await changeAddress(app, ada)
  app.clock.advance(7 * 86_400_000 + 1000)
  const signedLater = await signed(app, 'admin')

  const invited = { email: ada.email, full_name: 'Grace', role: 'user' }
  t.match(brief(await as(app, signedLater.access_token, 'POST', '/users', invited)), { status: 201 })
})
