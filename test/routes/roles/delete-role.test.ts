import t from 'tap'
import { freshRole, putRole, signInAs } from '../../support/accounts/roles.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, codeOf, deploy, freshAddress, password, retryUnavailable, post, signUp, start } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const root = await signInAs(app, 'super_admin')

t.test('a role without users is deleted, with its permissions', async t => {
  const name = freshRole()
  const { role } = (await put(name, { permissions: ['users:read'] })).json()
  const answer = await remove(name)

  t.match(answer, { statusCode: 204, body: '' })
  t.strictSame(await app.database`select name from roles where name = ${name}`, [])
  t.strictSame(await app.database`select role from role_permissions where role = ${name}`, [])
  t.match((await trail(app, null)).at(-1), { event: 'role_deleted', outcome: 'success', actorId: root.user.id, read: { role: name, before: role } })
  t.match((await remove(name)).json(), { status: 404, code: 'not_found' }, 'once')
  await until(() => other.roles.find(name) === undefined)
})

t.test('a role with users stays', async t => {
  const name = freshRole()
  await put(name, { permissions: ['users:read'] })
  const ada = await signInAs(app, name)

  t.match((await remove(name)).json(), { status: 409, code: 'role_in_use' })
  t.match(await as(app, ada.access_token, 'GET', '/roles'), { statusCode: 200 }, 'with all that it may')
  await app.database`update users set role = 'user', version = version + 1 where id = ${ada.user.id}`
  t.match(await remove(name), { statusCode: 204 })
})

t.test('a role with a waiting registration stays until that is confirmed or gone', async t => {
  const name = freshRole()
  await put(name, { user_type: name, self_registration: true })
  const id = await register(name)

  t.match((await remove(name)).json(), { code: 'role_in_use' })
  t.match(await post(app, '/auth/verify-email', { registration_id: id, code: await codeOf(app, id) }), { statusCode: 200 }, 'nothing is pulled away')
  t.match((await remove(name)).json(), { code: 'role_in_use' })
  await app.database`delete from users where id = ${id}`
  t.match(await remove(name), { statusCode: 204 })
  t.match((await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada', user_type: name })).json(), { status: 422, errors: [{ path: '/user_type' }] })
})

t.test('a caller without the permission or the rank is refused', async t => {
  const [name, own] = [freshRole(), freshRole()]
  await put(name, { rank: 50 })
  await put(own, { rank: 50, permissions: ['roles:write'] })
  const [mo, admin] = [await signInAs(app, own), await signInAs(app, 'admin')]

  for (const path of [name, own, 'admin', 'super_admin']) {
    t.match((await remove(path, mo.access_token)).json(), { status: 403, code: 'forbidden' }, path)
    // The trail has one event a minute about one call of one user.
    app.clock.advance(60_000)
  }
  t.match((await remove('nobody', mo.access_token)).json(), { status: 404 }, 'there is none: said to who may ask')
  for (const path of [name, 'nobody', 'Not A Role']) t.match((await remove(path, admin.access_token)).json(), { status: 403 }, 'and to nobody else')
  t.match((await remove('super_admin')).json(), { status: 403, code: 'forbidden' })
  t.match((await app.inject({ method: 'DELETE', url: `/api/v1/roles/${name}` })).json(), { status: 401 })
  t.equal((await app.database`select name from roles where name = any(${[name, own, 'super_admin']}::text[])`).length, 3)

  const denials = (await trail(app)).filter(({ actorId, event }) => actorId === mo.user.id && event === 'authz_fail')
  t.same(denials.map(({ reason }) => reason), ['rank', 'rank', 'rank', 'rank'])
})

t.test('a role that is deleted during registrations is either theirs or was gone before', async t => {
  const name = freshRole()
  await put(name, { user_type: name, self_registration: true })
  await until(() => other.roles.find(name) !== undefined)

  const [removed, ...answers] = await Promise.all([
    remove(name),
    ...Array.from({ length: 20 }, (_, place) => post([app, other][place % 2] ?? app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada', user_type: name }))
  ])
  const waiting = await app.database`select id from registrations where role = ${name}`
  t.ok(removed?.statusCode === 204 ? waiting.length === 0 : removed?.statusCode === 409 && waiting.length > 0)
  t.ok(answers.every(({ statusCode }) => [201, 202, 422].includes(statusCode)), 'and nobody meets an error')
})

t.test('while users confirm, deleting their role is refused, and no request hangs', async t => {
  const name = freshRole()
  await put(name, { user_type: name, self_registration: true })
  const ids = await Promise.all(Array.from({ length: 10 }, () => register(name)))
  const codes = await Promise.all(ids.map(id => codeOf(app, id)))

  const [removals, confirmations] = await Promise.all([
    Promise.all(Array.from({ length: 10 }, () => retryUnavailable(() => remove(name)))),
    Promise.all(ids.map((id, place) => post(other, '/auth/verify-email', { registration_id: id, code: codes[place] })))
  ])
  t.ok(removals.every(({ statusCode }) => statusCode === 409))
  t.ok(confirmations.every(({ statusCode }) => statusCode === 200))
})

t.test('a role that is deleted while it is being granted is either granted or gone', async t => {
  for (let round = 0; round < 5; round++) {
    const name = freshRole()
    await put(name)
    const accounts = await Promise.all(Array.from({ length: 4 }, () => signUp(app)))
    const [removed, ...given] = await Promise.all([remove(name), ...accounts.map(({ user }) => as(other, root.access_token, 'PATCH', `/users/${user.id}`, { role: name }))])
    const holders = await app.database`select id from users where role = ${name}`

    t.ok(given.every(({ statusCode }) => [200, 422].includes(statusCode)), given.map(({ statusCode }) => statusCode).join(' '))
    t.equal(holders.length, given.filter(({ statusCode }) => statusCode === 200).length)
    t.equal(removed?.statusCode, holders.length > 0 ? 409 : 204)
  }
})

async function put (name: string, fields: object = {}) {
  return await putRole(app, root.access_token, name, fields)
}

async function remove (name: string, token = root.access_token) {
  return await as(app, token, 'DELETE', `/roles/${encodeURIComponent(name)}`)
}

async function register (userType: string): Promise<string> {
  return (await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King', user_type: userType })).json().registration_id
}
