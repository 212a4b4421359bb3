import { randomUUID } from 'node:crypto'
import t from 'tap'
import { brief, enter, person, rowOf, signed, vendor } from '../../support/accounts/people.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, post, refresh, signIn, start } from '../../support/helper.ts'
import { startStopwatch } from '../../support/stopwatch.ts'
import { eventsOf, mailJobs, trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const admin = await signed(app, 'admin')
const chief = await signed(app, 'super_admin')
await signed(app, 'super_admin')

const forbidden = { status: 403, code: 'forbidden' }

t.test('a disabled account loses every session, and is enabled without them', async t => {
  const ada = await signed(app)
  const answer = await as(app, admin.access_token, 'POST', `/users/${ada.id}/disable`)
  t.match(answer.json(), { user: { id: ada.id, status: 'disabled' } })

  t.match(brief(await as(app, ada.access_token, 'GET', '/auth/me')), { status: 401, reason: 'account_disabled' }, 'at once')
  t.match(brief(await refresh(app, ada.refresh_token)), { status: 401, reason: 'account_disabled' })
  await until(async () => (await as(other, ada.access_token, 'GET', '/auth/check')).statusCode === 401)
  t.match(brief(await post(app, '/auth/login', { email: ada.email, password: ada.password })), { status: 403, code: 'account_disabled' })

  const { version } = await rowOf(app, ada.id) ?? {}
  t.match((await as(app, admin.access_token, 'POST', `/users/${ada.id}/disable`)).json(), { user: { status: 'disabled' } }, 'once more is no error')
  t.equal((await rowOf(app, ada.id))?.version, version, 'and changes nothing')
  t.equal((await eventsOf(app, ada.id)).filter(event => event === 'user_disabled').length, 1)

  t.match((await as(app, admin.access_token, 'POST', `/users/${ada.id}/enable`)).json(), { user: { status: 'active' } })
  t.equal((await as(app, admin.access_token, 'POST', `/users/${ada.id}/enable`)).statusCode, 200, 'once more is no error, and no event')
  t.equal((await eventsOf(app, ada.id)).filter(event => event === 'user_enabled').length, 1)
  t.match(brief(await refresh(app, ada.refresh_token)), { status: 401, reason: 'account_disabled' }, 'what has ended stays so')
  t.ok(await signIn(app, ada))
})

t.test('an act records who, upon whom, from where, and the state before and after', async t => {
  const ada = await signed(app)
  await app.inject({ method: 'PATCH', url: `/api/v1/users/${ada.id}`, headers: { authorization: `Bearer ${admin.access_token}`, 'user-agent': 'Office' }, payload: { full_name: 'Ada Lovelace', locale: 'de' } })

  t.match((await trail(app, ada.id)).at(-1), {
    event: 'user_updated',
    outcome: 'success',
    actorId: admin.id,
    subjectId: ada.id,
    read: { user_agent: 'Office', before: { full_name: 'Ada King', locale: 'en' }, after: { full_name: 'Ada Lovelace', locale: 'de' } }
  })
})

t.test('a change of role takes effect at once, here and on every node, for tokens already issued', async t => {
  const clerk = await signed(app, 'accountant')
  t.equal((await as(other, clerk.access_token, 'GET', '/users')).statusCode, 200)
  t.match(brief(await as(app, clerk.access_token, 'POST', `/users/${randomUUID()}/disable`)), forbidden)

  t.match((await as(app, chief.access_token, 'PATCH', `/users/${clerk.id}`, { role: 'admin' })).json(), { user: { role: 'admin', approval: 'not_required' } })
  t.match(brief(await as(app, clerk.access_token, 'POST', `/users/${randomUUID()}/disable`)), { status: 404 }, 'promoted')

  t.match((await as(app, chief.access_token, 'PUT', `/users/${clerk.id}`, { role: 'user' })).json(), { user: { role: 'user' } })
  t.match(brief(await as(app, clerk.access_token, 'GET', '/users')), forbidden, 'demoted')
  const passed = startStopwatch()
  await until(async () => (await as(other, clerk.access_token, 'GET', '/users')).statusCode === 403)
  t.ok(passed() < 1000, 'there too')
  t.match((await as(other, clerk.access_token, 'GET', '/auth/me')).json(), { user: { role: 'user' } })
  t.match((await trail(app, clerk.id)).at(-1), { event: 'authz_change', actorId: chief.id, read: { before: { role: 'admin' }, after: { role: 'user' } } })
})

t.test('an administrator who was just demoted elsewhere cannot act, even if their node does not know yet', async t => {
  const [clerk, ada] = [await signed(app, 'admin'), await person(app)]
  // Written past the feed.
  await app.database`update users set role = 'user' where id = ${clerk.id}`
  t.match(brief(await as(app, clerk.access_token, 'POST', `/users/${ada.id}/disable`)), forbidden)
  await app.database`update users set role = 'admin', status = 'disabled' where id = ${clerk.id}`
  t.match(brief(await as(app, clerk.access_token, 'POST', `/users/${ada.id}/disable`)), { status: 401, code: 'session_ended', reason: 'account_disabled' })
  t.match(await rowOf(app, ada.id), { status: 'active', version: 1 })
})

t.test('nobody can grant a role at or above their own, nor a role or vendor that does not exist', async t => {
  const ada = await person(app)
  for (const role of ['admin', 'super_admin']) t.match(brief(await as(app, admin.access_token, 'PATCH', `/users/${ada.id}`, { role })), forbidden, role)
  t.match((await as(app, admin.access_token, 'PATCH', `/users/${ada.id}`, { role: 'no_such_role' })).json(), { status: 422, errors: [{ path: '/role', code: 'unknown' }] })
  t.match((await as(app, admin.access_token, 'PATCH', `/users/${ada.id}`, { vendor_id: randomUUID() })).json(), { status: 422, errors: [{ path: '/vendor_id', code: 'unknown' }] })
  t.match(await rowOf(app, ada.id), { role: 'user', version: 1 })
  t.match((await as(app, admin.access_token, 'PATCH', `/users/${ada.id}`, { role: 'accountant' })).json(), { user: { role: 'accountant' } })
  t.match((await as(app, chief.access_token, 'PATCH', `/users/${ada.id}`, { role: 'super_admin' })).json(), { user: { role: 'super_admin' } })
  await as(app, chief.access_token, 'PATCH', `/users/${ada.id}`, { role: 'user' })
})

t.test('a user is put into a vendor and taken out', async t => {
  const [ada, id] = [await person(app), await vendor(app)]
  t.match((await as(app, admin.access_token, 'PATCH', `/users/${ada.id}`, { vendor_id: id })).json(), { user: { vendor_id: id } })
  t.match((await as(app, admin.access_token, 'PATCH', `/users/${ada.id}`, { full_name: 'Ada' })).json(), { user: { vendor_id: id, full_name: 'Ada' } }, 'what is left out stays')
  t.match((await as(app, admin.access_token, 'PATCH', `/users/${ada.id}`, { vendor_id: null })).json(), { user: { vendor_id: null } })
})

t.test('no other field of an account can be written', async t => {
  const ada = await person(app)
  for (const payload of [{ password: 'a long walk through snow' }, { password_hash: 'x' }, { email_verified: true }, { status: 'disabled' }, { approval: 'approved' }, { id: randomUUID() }, { version: 9 }, { must_change_password: false }, { user_type: 'staff' }, {}, { role: ['user'] }, { full_name: ' ' }, { vendor_id: 'x' }]) {
    t.match(brief(await as(app, chief.access_token, 'PATCH', `/users/${ada.id}`, payload)), { status: 422, code: 'invalid_request' }, JSON.stringify(payload))
  }
  t.match(await rowOf(app, ada.id), { version: 1 })
})

t.test('a change of address by an administrator takes effect when the new address confirms', async t => {
  const ada = await signed(app)
  const email = `new-${randomUUID()}@example.com`
  t.match((await as(app, admin.access_token, 'PATCH', `/users/${ada.id}`, { email, full_name: 'Ada L' })).json(), { user: { email: ada.email, full_name: 'Ada L' } })
  const kinds = ['confirm_email', 'email_changed']
  const tokens = await app.database<{ id: string, purpose: string, email: string }>`select id, purpose, email from one_time_tokens where user_id = ${ada.id} order by purpose`
  t.match(tokens, [{ purpose: 'email_change', email }, { purpose: 'email_undo', email: ada.email }])
  for (const kind of kinds) t.ok((await mailJobs(app, kind)).some(job => tokens.some(({ id }) => id === job['tokenId'])), kind)
  t.match((await trail(app, ada.id)).find(({ event }) => event === 'email_change_requested'), { actorId: admin.id, read: { before: { email: ada.email }, after: { email } } })

  const token = app.oneTimeTokens.tokenOf('email_change', tokens[0]?.id ?? '')
  t.match(brief(await post(app, '/auth/email/confirm', { token })), { status: 200 })
  t.match(await rowOf(app, ada.id), { email, emailVerified: true })

  t.match(brief(await as(app, admin.access_token, 'PATCH', `/users/${ada.id}`, { email: 'no address' })), { status: 422 })
  const before = (await mailJobs(app)).length
  t.match(brief(await as(app, admin.access_token, 'PATCH', `/users/${ada.id}`, { email: email.toUpperCase() })), { status: 200 }, 'the same address is no other')
  t.equal((await mailJobs(app)).length, before)

  await as(app, admin.access_token, 'POST', `/users/${ada.id}/disable`)
  t.match(brief(await as(app, admin.access_token, 'PATCH', `/users/${ada.id}`, { email: `other-${email}` })), { status: 409, code: 'conflict' }, 'who is disabled gets no mail')
  t.equal((await mailJobs(app)).length, before)
})

t.test('a change of address together with a role that waits for approval is still asked for', async t => {
  await app.database`insert into roles (name, rank, user_type) values ('clerk', 50, 'staff')`
  await app.database`insert into role_permissions (role, permission) values ('clerk', 'users:write')`
  await app.roles.reload()
  const [clerk, ada] = [await signed(app, 'clerk'), await signed(app)]

  t.match((await as(app, clerk.access_token, 'PATCH', `/users/${ada.id}`, { email: `new-${ada.email}`, role: 'vendor' })).json(), { user: { role: 'vendor', approval: 'pending' } })
  t.match(await as(app, ada.access_token, 'GET', '/auth/me'), { statusCode: 401 }, 'the sessions have ended')
  t.match(await app.database`select email from one_time_tokens where user_id = ${ada.id} and purpose = 'email_change'`, [{ email: `new-${ada.email}` }])
})

t.test('a user who is told to change the password can do nothing else with existing tokens', async t => {
  const ada = await signed(app)
  t.match((await as(app, admin.access_token, 'POST', `/users/${ada.id}/require-password-change`)).json(), { user: { must_change_password: true } })
  t.match(brief(await as(app, ada.access_token, 'GET', '/auth/sessions')), { status: 403, code: 'password_change_required' })
  await until(async () => (await as(other, ada.access_token, 'GET', '/auth/sessions')).statusCode === 403)
  t.match((await as(app, ada.access_token, 'GET', '/auth/me')).json(), { user: { must_change_password: true } })
  t.match(brief(await as(app, ada.access_token, 'POST', '/auth/password/change', { current_password: ada.password, new_password: 'another long walk through snow' })), { status: 200 })
})

t.test('a user is signed out everywhere, or of one session', async t => {
  const ada = await signed(app)
  const [phone, stranger] = [await signIn(app, ada, { device_name: 'phone' }), await signed(app)]

  const listed = (await as(app, admin.access_token, 'GET', `/users/${ada.id}/sessions`)).json()
  t.strictSame(listed.sessions.map(({ id }: { id: string }) => id).sort(), [ada.session.id, phone.session.id].sort())
  t.match(listed.sessions.find(({ id }: { id: string }) => id === phone.session.id), { device_name: 'phone', current: false, ip: '127.0.0.1' })

  t.match(brief(await as(app, admin.access_token, 'DELETE', `/users/${ada.id}/sessions/${stranger.session.id}`)), { status: 404 }, 'somebody else’s')
  t.match(brief(await as(app, admin.access_token, 'DELETE', `/users/${ada.id}/sessions/${randomUUID()}`)), { status: 404 })
  t.match(brief(await as(app, stranger.access_token, 'GET', '/auth/me')), { status: 200 })

  for (let time = 0; time < 2; time++) t.match(brief(await as(app, admin.access_token, 'DELETE', `/users/${ada.id}/sessions/${phone.session.id}`)), { status: 204 })
  t.match(brief(await as(app, phone.access_token, 'GET', '/auth/me')), { status: 401, reason: 'revoked_by_admin' })
  t.match(brief(await refresh(app, phone.refresh_token)), { status: 401, reason: 'revoked_by_admin' })
  t.match(brief(await as(app, ada.access_token, 'GET', '/auth/me')), { status: 200 }, 'the other goes on')
  t.match((await trail(app, ada.id)).filter(({ event }) => event === 'session_ended'), [{ reason: 'revoked_by_admin', actorId: admin.id, sessionId: phone.session.id }])

  t.match(brief(await as(app, admin.access_token, 'POST', `/users/${ada.id}/sign-out`)), { status: 204 })
  t.match(brief(await as(app, ada.access_token, 'GET', '/auth/me')), { status: 401, reason: 'revoked_by_admin' })
  await until(async () => (await as(other, ada.access_token, 'GET', '/auth/check')).statusCode === 401)
  t.match((await trail(app, ada.id)).at(-1), { event: 'sessions_ended', reason: 'revoked_by_admin', actorId: admin.id })
  t.ok(await signIn(app, ada), 'and signs in again')
})

t.test('buckets that failures have locked are unlocked', async t => {
  const ada = await person(app)
  for (let time = 0; time < 5; time++) await post(app, '/auth/login', { email: ada.email, password: 'not this one' })
  t.match(brief(await post(app, '/auth/login', { email: ada.email, password: ada.password })), { status: 429 })
  t.match((await as(app, admin.access_token, 'POST', `/users/${ada.id}/unlock`)).json(), { user: { id: ada.id } })
  t.ok(await signIn(app, ada))
  t.match((await trail(app, ada.id)).find(({ event }) => event === 'authn_login_unlock'), { actorId: admin.id })
})

t.test('an account is erased by an administrator with the permission', async t => {
  const ada = await signed(app)
  t.match(brief(await as(app, admin.access_token, 'DELETE', `/users/${ada.id}`)), forbidden, 'an admin may not erase')
  t.match(brief(await as(app, chief.access_token, 'DELETE', `/users/${ada.id}`)), { status: 204 })
  t.equal(await rowOf(app, ada.id), undefined)
  t.match(brief(await as(app, ada.access_token, 'GET', '/auth/me')), { status: 401, reason: 'account_deleted' })
  t.match((await trail(app, ada.id)).at(-1), { event: 'user_deleted', reason: 'by_administrator', actorId: chief.id, personal: null })
  t.equal((await mailJobs(app, 'account_deleted')).length, 1)
  t.match(brief(await as(app, chief.access_token, 'DELETE', `/users/${ada.id}`)), { status: 404 })
})

t.test('only who has neither a password nor a confirmed address is invited once more', async t => {
  const accounts = [
    { verified: false, hash: null, purpose: 'invitation' },
    { verified: false, hash: 'a hash', purpose: 'password_reset' },
    { verified: true, hash: null, purpose: 'password_reset' }
  ]
  for (const { verified, hash, purpose } of accounts) {
    const ada = await person(app)
    await app.database`update users set email_verified = ${verified}, password_hash = ${hash} where id = ${ada.id}`
    t.match(brief(await as(app, admin.access_token, 'POST', `/users/${ada.id}/password-reset`)), { status: 204 })
    t.match(await app.database`select purpose from one_time_tokens where user_id = ${ada.id}`, [{ purpose }], 'a link of an invitation counts for longer')
  }
})

t.test('an actor who is demoted after the erasure has begun erases nobody', async t => {
  const [actor, ada] = [await signed(app, 'super_admin'), await signed(app, 'super_admin')]
  let answer: ReturnType<typeof as> | undefined

  await app.database.begin(async tx => {
    await tx`select name from roles where name = 'super_admin' for no key update`
    answer = as(app, actor.access_token, 'DELETE', `/users/${ada.id}`)
    await until(async () => (await app.database`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).length > 0)
    await tx`update users set role = 'admin' where id = ${actor.id}`
  })
  t.match(await answer, { statusCode: 403 })
  t.match(await rowOf(app, ada.id), { role: 'super_admin', status: 'active' })
  t.notOk((await eventsOf(app, ada.id)).includes('user_deleted'))
  await app.database`update users set role = 'user' where id = ${ada.id}`
})

t.test('a link to set a new password is mailed, but never to a disabled user', async t => {
  const ada = await person(app)
  t.match(brief(await as(app, admin.access_token, 'POST', `/users/${ada.id}/password-reset`)), { status: 204 })
  const [token] = await app.database<{ id: string }>`select id from one_time_tokens where user_id = ${ada.id} and purpose = 'password_reset'`
  t.ok((await mailJobs(app, 'password_reset')).some(job => job['tokenId'] === token?.id))
  t.match((await trail(app, ada.id)).at(-1), { event: 'authn_password_reset_request', reason: 'by_administrator', actorId: admin.id })
  t.match(brief(await post(app, '/auth/password/reset', { token: app.oneTimeTokens.tokenOf('password_reset', token?.id ?? ''), new_password: 'another long walk through snow' })), { status: 200 })

  await as(app, admin.access_token, 'POST', `/users/${ada.id}/disable`)
  t.match(brief(await as(app, admin.access_token, 'POST', `/users/${ada.id}/password-reset`)), { status: 409, code: 'conflict' })
  t.equal((await app.database`select id from one_time_tokens where user_id = ${ada.id}`).length, 0)
})

t.test('permission is checked first, then existence, then rank', async t => {
  const [user, peer, gone] = [await signed(app), await signed(app, 'admin'), randomUUID()]
  for (const [method, path] of [['GET', ''], ['PATCH', ''], ['DELETE', ''], ['POST', '/disable'], ['POST', '/approve'], ['GET', '/sessions'], ['POST', '/sign-out']] as const) {
    for (const id of [gone, peer.id, user.id]) t.match(brief(await as(app, user.access_token, method, `/users/${id}${path}`, method === 'PATCH' ? { full_name: 'X' } : undefined)), forbidden, `${method} ${path} without the permission`)
  }
  for (const [method, path] of [['PATCH', ''], ['POST', '/disable'], ['POST', '/approve'], ['GET', '/sessions'], ['POST', '/sign-out'], ['POST', '/unlock'], ['POST', '/enable'], ['POST', '/reject'], ['POST', '/require-password-change'], ['POST', '/password-reset'], ['DELETE', `/sessions/${chief.session.id}`]] as const) {
    const payload = method === 'PATCH' ? { full_name: 'X' } : undefined
    t.match(brief(await as(app, admin.access_token, method, `/users/${gone}${path}`, payload)), { status: 404, code: 'not_found' }, `${method} ${path} of nobody`)
    for (const id of [peer.id, chief.id, admin.id]) t.match(brief(await as(app, admin.access_token, method, `/users/${id}${path}`, payload)), forbidden, `${method} ${path} at or above`)
  }
  t.match(brief(await as(app, admin.access_token, 'GET', '/users/not-an-id')), { status: 404 })
  t.match(brief(await as(app, admin.access_token, 'POST', '/users/not-an-id/disable')), { status: 404 })
  t.match(brief(await as(app, chief.access_token, 'POST', `/users/${chief.id}/disable`)), forbidden, 'nobody themself')
  t.match(await rowOf(app, peer.id), { status: 'active', version: 1 })
})

t.test('each denial is recorded in the trail and counted', async t => {
  const [user, ada] = [await signed(app), await person(app, 'super_admin')]
  const admin = await signed(app, 'admin')
  await as(app, user.access_token, 'POST', `/users/${ada.id}/disable`)
  t.match((await trail(app, ada.id)).at(-1), { event: 'authz_fail', outcome: 'failure', reason: 'users:write', actorId: user.id, sessionId: user.session.id, read: { method: 'POST', route: '/api/v1/users/:id/disable' } })
  await as(app, admin.access_token, 'POST', `/users/${ada.id}/disable`)
  t.match((await trail(app, ada.id)).at(-1), { event: 'authz_fail', reason: 'rank', actorId: admin.id })
  await as(app, user.access_token, 'GET', '/users')
  t.match((await trail(app, null)).at(-1), { event: 'authz_fail', reason: 'users:read', actorId: user.id, read: { method: 'GET', route: '/api/v1/users' } })
  await as(app, user.access_token, 'GET', '/health/database')
  await app.database`delete from users where id = ${ada.id}`
})

t.test('the rules apply to accounts without sessions and to custom roles too', async t => {
  await app.database`insert into roles (name, rank, user_type) values ('colonel', 80, 'staff'), ('nobody', 0, 'user')`
  await app.roles.reload()
  await other.roles.reload()
  const [colonel, nobody] = [await person(app, 'colonel'), await enter(app, await person(app, 'nobody'))]
  t.match(brief(await as(app, admin.access_token, 'POST', `/users/${colonel.id}/disable`)), forbidden, 'the same rank under another name')
  t.match(brief(await as(app, admin.access_token, 'POST', `/users/${nobody.id}/disable`)), { status: 200 })
})

t.test('to give a role of rank 60 or more needs a recent sign-in, and a lower role, a name and a role taken away do not', async t => {
  const [clerk, boss, ada] = [await signed(app, 'admin'), await signed(app, 'super_admin'), await signed(app)]
  app.clock.advance(10 * 60_000 + 1000)
  const before = await eventsOf(app, ada.id)
  for (const [who, role] of [[clerk, 'accountant'], [boss, 'admin'], [boss, 'super_admin']] as const) {
    for (const method of ['PATCH', 'PUT'] as const) t.match((await as(app, who.access_token, method, `/users/${ada.id}`, { role, full_name: 'Ada' })).json(), { status: 401, code: 'reauthentication_required', max_age: 600 }, `${method} ${role}`)
    t.match((await as(app, who.access_token, 'POST', '/users', { email: `${randomUUID()}@example.com`, full_name: 'Grace', role })).json(), { status: 401, code: 'reauthentication_required', max_age: 600 })
  }
  t.match(await rowOf(app, ada.id), { role: 'user', fullName: 'Ada King', version: 1 })
  t.strictSame(await eventsOf(app, ada.id), before)
  t.strictSame(await app.database`select id from users where full_name = 'Grace'`, [])
  t.match(brief(await as(app, clerk.access_token, 'PATCH', `/users/${ada.id}`, { role: 'admin' })), forbidden, 'rank first')

  t.match((await as(app, clerk.access_token, 'PATCH', `/users/${ada.id}`, { role: 'vendor', full_name: 'Ada' })).json(), { user: { role: 'vendor' } }, 'a lower role')
  t.match(brief(await as(app, clerk.access_token, 'POST', '/users', { email: `${randomUUID()}@example.com`, full_name: 'Grace', role: 'vendor' })), { status: 201 })
  const { access_token: fresh } = await enter(app, clerk)
  t.match((await as(app, fresh, 'PATCH', `/users/${ada.id}`, { role: 'accountant' })).json(), { user: { role: 'accountant' } })
  app.clock.advance(10 * 60_000 + 1000)
  t.match((await as(app, fresh, 'PATCH', `/users/${ada.id}`, { role: 'accountant', full_name: 'Ada King' })).json(), { user: { full_name: 'Ada King' } }, 'the role that she has is not given')
  t.match((await as(app, fresh, 'PATCH', `/users/${ada.id}`, { role: 'user' })).json(), { user: { role: 'user' } }, 'and is taken away')
})

t.test('to ask for another address needs a recent sign-in, and the other fields and the same address do not', async t => {
  const [clerk, ada] = [await signed(app, 'admin'), await signed(app)]
  const email = `new-${ada.email}`
  app.clock.advance(10 * 60_000 + 1000)
  const traces = async () => [await eventsOf(app, ada.id), await app.database`select id from one_time_tokens where user_id = ${ada.id}`, (await mailJobs(app)).length]
  const before = await traces()
  for (const method of ['PATCH', 'PUT'] as const) {
    for (const more of [{}, { full_name: 'Ada', role: 'vendor' }]) t.match((await as(app, clerk.access_token, method, `/users/${ada.id}`, { email, ...more })).json(), { status: 401, code: 'reauthentication_required', max_age: 600 })
  }
  t.match(await rowOf(app, ada.id), { role: 'user', fullName: 'Ada King', email: ada.email, version: 1 })
  t.strictSame(await traces(), before, 'no event, no token and no mail')

  t.match((await as(app, clerk.access_token, 'PATCH', `/users/${ada.id}`, { email: ada.email.toUpperCase(), full_name: 'Ada', locale: 'de', vendor_id: await vendor(app) })).json(), { user: { full_name: 'Ada', locale: 'de' } })
  const { access_token: fresh } = await enter(app, clerk)
  t.match(brief(await as(app, fresh, 'PATCH', `/users/${ada.id}`, { email })), { status: 200 })
  t.match(await app.database`select email from one_time_tokens where user_id = ${ada.id} and purpose = 'email_change'`, [{ email }])
})

t.test('the mails about another address are limited, to the present address as to the new one', async t => {
  const app = await start(t, await deploy(t, { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_MAIL: '2/1h' }), { workers: false, hasher: cheapHasher })
  const [clerk, ada, bob] = [await signed(app, 'admin'), await person(app), await person(app)]
  const ask = async (token: string, id: string, place: number) => brief(await as(app, token, 'PATCH', `/users/${id}`, { email: `new-${place}-${ada.email}` }))
  const mails = async () => [(await mailJobs(app, 'email_changed')).length, (await mailJobs(app, 'confirm_email')).length]

  app.clock.advance(10 * 60_000 + 1000)
  for (let place = 0; place < 3; place++) t.match(await ask(clerk.access_token, ada.id, 0), { status: 401 })
  const { access_token: fresh } = (await as(app, clerk.access_token, 'POST', '/auth/reauthenticate', { password: clerk.password })).json()
  t.strictSame([await ask(fresh, ada.id, 0), await ask(fresh, ada.id, 1)], [{ status: 200 }, { status: 200 }], 'a try without a recent sign-in has not been counted')
  t.strictSame(await ask(fresh, ada.id, 2), { status: 429, code: 'rate_limited' })
  t.strictSame(await mails(), [2, 2], 'no more mails to the present address, however many the new ones')

  t.strictSame([await ask(fresh, bob.id, 2), await ask(fresh, bob.id, 0)], [{ status: 200 }, { status: 200 }], 'others are not touched')
  t.strictSame(await mails(), [4, 4])
  t.match(brief(await as(app, fresh, 'PATCH', `/users/${ada.id}`, { full_name: 'Ada', email: ada.email })), { status: 200 }, 'nor what mails nobody')
})
