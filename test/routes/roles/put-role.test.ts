import { randomUUID } from 'node:crypto'
import t from 'tap'
import { definition, freshRole, putRole, signInAs } from '../../support/accounts/roles.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, codeOf, deploy, freshAddress, password, post, signIn, signUp, start } from '../../support/helper.ts'
import { startStopwatch } from '../../support/stopwatch.ts'
import { trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const root = await signInAs(app, 'super_admin')

t.test('a role is created, then replaced', async t => {
  const name = freshRole()
  const made = await put(name, { permissions: ['users:read', 'stats:read'] })
  t.equal(made.statusCode, 201)
  t.strictSame(made.json(), { role: { name, ...definition({ permissions: ['stats:read', 'users:read'] }) } })
  t.strictSame(await stored(name), made.json().role)

  const replaced = await put(name, { rank: 40, user_type: 'contractor', requires_approval: true, permissions: ['users:read'] })
  t.equal(replaced.statusCode, 200)
  t.strictSame(replaced.json(), { role: { name, ...definition({ rank: 40, user_type: 'contractor', requires_approval: true, permissions: ['users:read'] }) } })
  t.strictSame(await stored(name), replaced.json().role)
  t.match(await as(app, root.access_token, 'PUT', `/roles/${name}`, replaced.json().role), { statusCode: 200 }, 'what was answered may be sent back')
})

t.test('the audit trail has the actor, and the role before and after', async t => {
  const name = freshRole()
  const one = (await put(name, { permissions: ['users:read'] })).json().role
  const two = (await put(name, { rank: 31 })).json().role
  const [made, replaced] = (await trail(app, null)).filter(row => row.read?.['role'] === name)

  t.match(made, { event: 'role_created', outcome: 'success', actorId: root.user.id, sessionId: root.session.id })
  t.match(replaced, { event: 'role_updated', outcome: 'success', actorId: root.user.id })
  t.match(made?.read, { ip: '127.0.0.1', after: one })
  t.match(replaced?.read, { before: one, after: two })
  t.notOk('before' in (made?.read ?? {}))
})

t.test('a request that changes nothing leaves no event', async t => {
  const name = freshRole()
  await put(name, { permissions: ['users:read', 'stats:read'] })
  const before = await counts()
  t.match(await put(name, { permissions: ['stats:read', 'users:read'] }), { statusCode: 200 })
  t.same(await counts(), before)
})

t.test('an invalid role is refused', async t => {
  const wrong: [object, string][] = [
    [{ permissions: ['users:read', 'users:fly'] }, '/permissions/1'],
    [{ permissions: ['*'] }, '/permissions/0'],
    [{ permissions: ['users:*'] }, '/permissions/0'],
    [{ permissions: ['Users:read'] }, '/permissions/0'],
    [{ permissions: [['users:read']] }, '/permissions/0'],
    [{ permissions: ['users:read', 'users:read'] }, '/permissions'],
    [{ permissions: 'users:read' }, '/permissions'],
    [{ rank: 101 }, '/rank'],
    [{ rank: -1 }, '/rank'],
    [{ rank: 1.5 }, '/rank'],
    [{ rank: '30' }, '/rank'],
    [{ user_type: 'Staff' }, '/user_type'],
    [{ user_type: '' }, '/user_type'],
    [{ requires_approval: 'yes' }, '/requires_approval'],
    [{ self_registration: null }, '/self_registration'],
    [{ name: 'super_admin' }, '/name'],
    [{ name: 7 }, '/name'],
    [{ id: 1 }, '/id'],
    [{ rank: undefined }, '/rank'],
    [{ permissions: undefined }, '/permissions'],
    [{ requires_approval: undefined }, '/requires_approval']
  ]
  for (const [fields, path] of wrong) {
    const name = freshRole()
    t.match((await put(name, fields)).json(), { status: 422, code: 'invalid_request', errors: [{ path }] }, JSON.stringify(fields))
    t.equal(await stored(name), undefined)
  }
})

t.test('a name that no role can have is refused', async t => {
  for (const name of ['Admin', '1st', '_x', 'a-b', 'a'.repeat(41), '__proto__', '%00', 'a%20b', '%2e%2e']) {
    t.match((await as(app, root.access_token, 'PUT', `/roles/${name}`, definition())).statusCode, 404, name)
  }
  const longestName = `r${randomUUID().replaceAll('-', '')}`.padEnd(40, 'x')
  t.match(await put(longestName), { statusCode: 201 })
  for (const name of ['constructor', 'tostring']) t.match(await put(name), { statusCode: 201 }, name)
})

t.test('without roles:write nobody changes a role, whatever they send', async t => {
  const name = freshRole()
  for (const role of ['admin', 'accountant', 'vendor', 'user']) {
    const { access_token: token, user } = await signInAs(app, role)
    for (const path of [name, 'user', 'super_admin', role]) t.match((await putRole(app, token, path)).json(), { status: 403, code: 'forbidden' }, `${role} ${path}`)
    t.match((await as(app, token, 'PUT', `/roles/${name}`, { nonsense: true })).json(), { code: 'forbidden' })
    t.match((await trail(app)).filter(({ actorId }) => actorId === user.id).at(-1), { event: 'authz_fail', reason: 'roles:write' })
  }
  t.match((await app.inject({ method: 'PUT', url: `/api/v1/roles/${name}`, payload: definition() })).json(), { status: 401, code: 'unauthenticated' })
  t.equal(await stored(name), undefined)
})

t.test('nobody can make a role with more power than their own', async t => {
  const [own, above, powerful, below] = [freshRole(), freshRole(), freshRole(), freshRole()]
  await put(own, { rank: 50, permissions: ['users:read', 'roles:write'] })
  await put(above, { rank: 50 })
  await put(powerful, { rank: 10, permissions: ['users:delete'] })
  await put(below, { rank: 10 })
  const mo = await signInAs(app, own)
  const actors = new Set<string>()
  const tries: [string, object, string][] = [
    [own, { rank: 99, permissions: ['users:read', 'roles:write'] }, 'their own rank'],
    [own, { rank: 50, permissions: ['users:delete', 'users:read', 'roles:write'] }, 'their own permissions'],
    [own, { rank: 49, permissions: ['users:read', 'roles:write'] }, 'their own role, lower'],
    [above, { rank: 10 }, 'a role of their own rank'],
    ['admin', { rank: 10 }, 'a role above'],
    ['super_admin', { rank: 10 }, 'the highest'],
    [below, { rank: 50 }, 'their own rank for another role'],
    [below, { rank: 100 }, 'the highest rank'],
    [freshRole(), { rank: 50 }, 'a new role of their rank'],
    [below, { rank: 10, permissions: ['users:write'] }, 'a permission that they lack'],
    [below, { rank: 10, permissions: ['users:read', 'sessions:revoke'] }, 'one among those they have'],
    [freshRole(), { rank: 10, permissions: ['audit:read'] }, 'one in a new role']
  ]
  for (const [name, fields, what] of tries) {
    const before = await stored(name)
    // The trail has one event a minute about one call of one user.
    const actor = await signInAs(app, own)
    actors.add(actor.user.id)
    t.match((await putRole(app, actor.access_token, name, fields)).json(), { status: 403, code: 'forbidden' }, what)
    t.strictSame(await stored(name), before, `${what} stays`)
  }
  const denials = (await trail(app)).filter(({ actorId, event }) => actors.has(actorId ?? '') && event === 'authz_fail')
  t.equal(denials.length, tries.length)
  t.same([...new Set(denials.map(({ reason }) => reason))].sort(), ['audit:read', 'rank', 'sessions:revoke', 'users:write'])

  t.match(await putRole(app, mo.access_token, below, { rank: 49, permissions: ['users:read', 'roles:write'] }), { statusCode: 200 }, 'what they have they may give')
  t.match(await putRole(app, mo.access_token, powerful, { rank: 20, permissions: ['users:delete'] }), { statusCode: 200 }, 'what is there already is not given')
  t.match(await putRole(app, mo.access_token, powerful, { rank: 20 }), { statusCode: 200 }, 'and may be taken away')
  t.match(await putRole(app, mo.access_token, powerful, { rank: 20, permissions: ['users:delete'] }), { statusCode: 403 }, 'once')
})

t.test('super_admin cannot be changed, and no other role gets its rank', async t => {
  const before = await stored('super_admin')
  for (const fields of [{}, { rank: 99 }, { rank: 100, permissions: [] }, { rank: 100, permissions: before?.['permissions'] }, { rank: 0, self_registration: true }, { requires_approval: true }]) {
    t.match((await put('super_admin', fields)).json(), { status: 403, code: 'forbidden' }, JSON.stringify(fields))
  }
  t.match((await put(freshRole(), { rank: 100 })).json(), { status: 403, code: 'forbidden' })
  t.strictSame(await stored('super_admin'), before)
  t.match(await put(freshRole(), { rank: 99, permissions: before?.['permissions'] }), { statusCode: 201 }, 'the rank below may have all that it may')
})

t.test('when two administrators take each other’s power at once, one is too late', async t => {
  const [one, two] = [freshRole(), freshRole()]
  await put(one, { rank: 50, permissions: ['roles:write'] })
  await put(two, { rank: 49, permissions: ['roles:write'] })
  const [ann, bob] = [await signInAs(app, one), await signInAs(app, two)]
  const names = Array.from({ length: 10 }, freshRole)

  await Promise.all([
    putRole(other, ann.access_token, two, { rank: 49 }),
    ...names.map(name => putRole(app, bob.access_token, name, { rank: 48 }))
  ])
  const order = (await trail(app, null)).filter(({ event }) => event.startsWith('role_')).map(row => String(row.read?.['role']))
  const late = order.slice(order.lastIndexOf(two) + 1)
  t.same(late.filter(name => names.includes(name)), [], 'who has lost it makes nothing any more')
  t.match(await putRole(app, bob.access_token, freshRole(), { rank: 1 }), { statusCode: 403 })
})

t.test('changes that this node has not heard of yet count all the same', async t => {
  const [own, name] = [freshRole(), freshRole()]
  await put(own, { rank: 50, permissions: ['users:read', 'roles:write'] })
  const mo = await signInAs(app, own)

  await app.database`delete from role_permissions where role = ${own} and permission = 'users:read'`
  t.match((await putRole(app, mo.access_token, name, { permissions: ['users:read'] })).json(), { status: 403, code: 'forbidden' })
  await app.database`update roles set rank = 30 where name = ${own}`
  t.match((await putRole(app, mo.access_token, name, { rank: 30 })).json(), { status: 403, code: 'forbidden' })
  await app.database`delete from role_permissions where role = ${own}`
  t.match((await putRole(app, mo.access_token, name, { rank: 1 })).json(), { status: 403, code: 'forbidden' })
  t.match((await trail(app)).filter(({ actorId, event }) => actorId === mo.user.id && event === 'authz_fail').map(({ reason }) => reason), ['users:read', 'rank', 'roles:write'])

  await app.database`update users set status = 'disabled' where id = ${mo.user.id}`
  t.match((await putRole(app, mo.access_token, name, { rank: 1 })).json(), { status: 401, code: 'session_ended', reason: 'account_disabled' })
  t.equal(await stored(name), undefined)
})

t.test('a permission that is taken away is denied at once here, and soon elsewhere, for tokens already issued', async t => {
  const name = freshRole()
  await put(name, { permissions: ['users:read'] })
  const ada = await signInAs(app, name)
  await until(async () => (await as(other, ada.access_token, 'GET', '/roles')).statusCode === 200)

  await put(name)
  t.match((await as(app, ada.access_token, 'GET', '/roles')).json(), { status: 403, code: 'forbidden' })
  const passed = startStopwatch()
  await until(async () => (await as(other, ada.access_token, 'GET', '/roles')).statusCode === 403)
  t.ok(passed() < 3000, 'within a second, on a machine that has nothing else to do')

  await put(name, { permissions: ['users:read'] })
  t.match(await as(app, ada.access_token, 'GET', '/roles'), { statusCode: 200 }, 'what is given holds at once as well')
  await until(async () => (await as(other, ada.access_token, 'GET', '/roles')).statusCode === 200)
  t.match(await as(app, ada.access_token, 'GET', '/auth/me'), { statusCode: 200 }, 'nobody is signed out by it')
})

t.test('a node that misses the wake-up finds out by itself', async () => {
  const name = freshRole()
  await put(name, { permissions: ['users:read'] })
  const ada = await signInAs(app, name)
  await until(async () => (await as(other, ada.access_token, 'GET', '/roles')).statusCode === 200)

  await app.database.begin(async tx => {
    await tx`delete from role_permissions where role = ${name}`
    await tx`insert into changes (kind) values ('roles_changed')`
  })
  await until(async () => (await as(other, ada.access_token, 'GET', '/roles')).statusCode === 403)
})

t.test('users of a role have its new user type at their next sign-in', async t => {
  const name = freshRole()
  await put(name)
  const account = await signUp(app)
  await app.database`update users set role = ${name}, version = version + 1 where id = ${account.user.id}`
  t.match((await signIn(app, account)).user, { user_type: 'staff' })
  await put(name, { user_type: 'contractor', requires_approval: true })
  t.match(await post(app, '/auth/login', { email: account.email, password, user_type: 'staff' }), { statusCode: 403 })
  t.match((await signIn(app, account, { user_type: 'contractor' })).user, { user_type: 'contractor', approval: 'not_required' }, 'and nobody is asked for an approval that was not asked for')
})

t.test('strangers register only into a role without permissions, one for each user type', async t => {
  const [open, second] = [freshRole(), freshRole()]
  const type = `kind_${process.pid}`
  t.match((await put(open, { user_type: type, self_registration: true, permissions: ['users:read'] })).json(), { status: 422, code: 'invalid_request', errors: [{ path: '/self_registration' }] })
  t.equal(await stored(open), undefined)
  t.match(await put(open, { user_type: type, self_registration: true, requires_approval: true }), { statusCode: 201 })
  t.match((await put(second, { user_type: type, self_registration: true })).json(), { status: 409, code: 'conflict' })
  t.match(await put(open, { rank: 31, user_type: type, self_registration: true, requires_approval: true }), { statusCode: 200 }, 'a role does not stand in its own way')
  t.equal(await stored(second), undefined)
  t.match(await put(open, { user_type: type, self_registration: true, permissions: ['stats:read'] }), { statusCode: 422 }, 'not by a later change either')
  t.match((await put('vendor', { rank: 20, user_type: 'user', self_registration: true })).json(), { code: 'conflict' })

  const account = await signUp(app, { user_type: type })
  t.match(await app.database`select role, approval from users where id = ${account.user.id}`, [{ role: open, approval: 'pending' }])

  t.match(await put(open, { user_type: type }), { statusCode: 200 })
  t.match((await register(type)).json(), { status: 422, code: 'invalid_request', errors: [{ path: '/user_type' }] }, 'closed at once')
  t.match(await put(second, { user_type: type, self_registration: true }), { statusCode: 201 }, 'the place is free')
})

t.test('of twenty roles at once that want one user type, one gets it', async t => {
  const type = `crowd_${process.pid}`
  const answers = await Promise.all(Array.from({ length: 20 }, (_, place) => putRole([
    app, other
  ][place % 2] ?? app, root.access_token, freshRole(), { user_type: type, self_registration: true })))
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [201, ...Array.from({ length: 19 }, () => 409)])
})

t.test('a registration from before a role was closed does not get what the role has become', async t => {
  const name = freshRole()
  const type = `late_${process.pid}`
  await put(name, { user_type: type, self_registration: true })
  const { registration_id: id } = (await register(type)).json()
  await put(name, { user_type: type, permissions: ['users:read', 'users:write'] })

  const confirmed = await post(app, '/auth/verify-email', { registration_id: id, code: await codeOf(app, id) })
  t.match(confirmed.json(), { status: 422, code: 'token_invalid' })
  t.strictSame(await app.database`select id from users where id = ${id}`, [])
})

t.test('when people register while the role becomes powerful, nobody gets both', async t => {
  const name = freshRole()
  const type = `race_${process.pid}`
  const optional = await start(t, Object.assign({}, deployment, { EMAIL_VERIFICATION: 'optional' }), { workers: false, hasher: cheapHasher, clock: app.clock })
  await put(name, { user_type: type, self_registration: true })
  await until(async () => optional.roles.forRegistration(type) !== undefined)

  const [replaced, ...answers] = await Promise.all([
    put(name, { user_type: type, permissions: ['users:read'] }),
    ...Array.from({ length: 20 }, () => register(type, optional))
  ])
  const made = answers.filter(({ statusCode }) => statusCode === 201 || statusCode === 200).length
  t.match(replaced, { statusCode: 200 })
  t.ok(answers.every(({ statusCode }) => [200, 201, 422].includes(statusCode)))
  const before = await app.database`select u.id from users u join audit_events e on e.event = 'role_updated' and e.id > (select max(id) from audit_events c where c.subject_id = u.id and c.event = 'user_created') where u.role = ${name} group by u.id`
  t.equal(before.length, made, 'every account was made before')
})

async function put (name: string, fields: object = {}) {
  return await putRole(app, root.access_token, name, fields)
}

async function stored (name: string) {
  const { roles } = (await as(app, root.access_token, 'GET', '/roles')).json() as { roles: { name: string, [field: string]: unknown }[] }
  return roles.find(role => role.name === name)
}

async function counts () {
  return await app.database`select (select count(*) from audit_events) as events, (select count(*) from changes) as changes`
}

async function register (userType: string, node = app) {
  return await post(node, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King', user_type: userType })
}
