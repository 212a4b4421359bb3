import { randomUUID } from 'node:crypto'
import t from 'tap'
import latchkey from '../app.ts'
import { createClock } from '../lib/clock.ts'
import { loadConfig } from '../lib/config/config.ts'
import { createServer } from '../plugins/http/server.ts'
import { signInAs } from './support/accounts/roles.ts'
import { introspect, makeService } from './support/accounts/services.ts'
import { cheapHasher, pausingHasher } from './support/hashers.ts'
import { as, deploy, password, post, refresh, signIn, signUp, start } from './support/helper.ts'
import type { Tokens } from './support/helper.ts'
import { tapWires } from './support/statements/wiretap.ts'
import { startStopwatch } from './support/stopwatch.ts'
import { eventsOf } from './support/trail/evidence.ts'
import { until } from './support/until.ts'

const { tap, deployment } = await tapWires(t, await deploy(t))
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const admin = await signInAs(app, 'admin')
const service = await makeService(app)

const hour = 3_600_000

t.test('users of a suspended vendor are refused with existing tokens, at once here and soon elsewhere', async t => {
  const { vendor, users: [ada, bob] } = await staffed(2)
  const carol = await signInAs(app, 'user', { vendorId: (await staffed(0)).vendor })
  await until(async () => await isLetIn(ada, other))

  await suspend(vendor)
  const passed = startStopwatch()
  for (const user of [ada, bob]) t.match((await as(app, user.access_token, 'GET', '/auth/sessions')).json(), { status: 403, code: 'vendor_suspended' })
  await until(async () => (await as(other, ada.access_token, 'GET', '/auth/sessions')).statusCode === 403)
  t.ok(passed() < 3000, 'within a second, on a machine that has nothing else to do')
  t.match((await as(other, bob.access_token, 'GET', '/auth/sessions')).json(), { code: 'vendor_suspended' })
  for (const user of [carol, admin, await signIn(app)]) t.ok(await isLetIn(user), 'nobody else')
})

t.test('no user of the vendor signs in, and only the right password gets that answer', async t => {
  const { vendor, accounts: [account] } = await staffed(1)
  await suspend(vendor)
  t.match((await post(app, '/auth/login', { email: account.email, password })).json(), { status: 403, code: 'vendor_suspended' })
  t.match((await post(app, '/auth/login', { email: account.email, password: 'not the password' })).json(), { status: 401, code: 'invalid_credentials' })
})

t.test('they may still read their own profile and sign out', async t => {
  const { vendor, users: [ada, bob] } = await staffed(2)
  await suspend(vendor)
  t.match((await as(app, ada.access_token, 'GET', '/auth/me')).json(), { user: { id: ada.user.id, vendor_id: vendor } })
  for (const [token, scope] of [[ada.access_token, 'everywhere'], [bob.access_token, 'local']] as const) {
    t.match(await as(app, token, 'POST', '/auth/logout', { scope }), { statusCode: 204 })
    t.match((await as(app, token, 'GET', '/auth/me')).json(), { status: 401, code: 'session_ended', reason: 'signed_out' })
  }
})

t.test('every other route refuses them', async t => {
  const { app, routes } = await collect(t)
  const vendorId = randomUUID()
  await app.database`insert into vendors (id, name) values (${vendorId}, 'Shut')`
  const [root, chief] = [await signInAs(app, 'super_admin'), await signInAs(app, 'admin', { vendorId })]
  t.match(await as(app, root.access_token, 'PATCH', `/vendors/${vendorId}`, { status: 'suspended' }), { statusCode: 200 })
  const open: string[] = []

  for (const { method, url } of routes) {
    const request = { method, url: url.replace(/:\w+/g, 'b4a1b0f6-6e9f-4f65-8c7c-5b1d7a3f5a10') }
    const stranger = await app.inject(request)
    const isForUsers = stranger.statusCode === 401 && /^Bearer/.test(String(stranger.headers['www-authenticate']))
    if (!isForUsers || ['/metrics', '/api/v1/auth/refresh'].includes(url)) continue

    const answer = await app.inject({ ...request, headers: { authorization: `Bearer ${chief.access_token}` } })
    if (answer.statusCode < 400) open.push(`${method} ${url}`)
    else t.match(answer.json(), { status: 403, code: 'vendor_suspended' }, `${method} ${url}`)
  }
  t.strictSame(open, ['GET /api/v1/auth/me'])
})

t.test('a proxy and a service get the same answer', async t => {
  const { vendor, users: [ada] } = await staffed(1)
  t.match(await as(app, ada.access_token, 'GET', '/auth/check'), { statusCode: 204 })
  t.match((await introspect(app, service, ada.access_token)).json(), { active: true, vendor_id: vendor })

  await suspend(vendor)
  const { statusCode, headers } = await as(app, ada.access_token, 'GET', '/auth/check')
  t.equal(statusCode, 403)
  t.notOk(headers['x-auth-user'])
  t.equal((await introspect(app, service, ada.access_token)).body, '{"active":false}')
})

t.test('a refresh is refused and uses up nothing: the same token works when the vendor is reinstated', async t => {
  const { vendor, users: [ada] } = await staffed(1)
  await suspend(vendor)
  for (let round = 0; round < 3; round++) {
    const refused = await refresh(app, ada.refresh_token)
    t.match(refused.json(), { status: 403, code: 'vendor_suspended' })
    t.notOk(refused.headers['set-cookie'])
  }
  t.match((await refresh(other, ada.refresh_token)).json(), { code: 'vendor_suspended' }, 'on every node, whatever it has heard')

  await reinstate(vendor)
  const { access_token: token, session } = (await refresh(app, ada.refresh_token)).json()
  t.equal(session.id, ada.session.id)
  t.match(await as(app, token, 'GET', '/auth/sessions'), { statusCode: 200 })
})

t.test('a stolen refresh token is still detected', async t => {
  const { vendor, users: [ada] } = await staffed(1)
  await app.database`update sessions set floor = 5 where id = ${ada.session.id}`
  await suspend(vendor)
  t.match((await refresh(app, ada.refresh_token)).json(), { status: 401, code: 'session_ended', reason: 'reuse_detected' })
})

t.test('after a reinstatement everything works again on every node', async t => {
  const { vendor, users: [ada, bob] } = await staffed(2)
  await suspend(vendor)
  await until(async () => !await isLetIn(ada, other))
  await reinstate(vendor)

  for (const user of [ada, bob]) t.ok(await isLetIn(user), 'at once here')
  await until(async () => await isLetIn(ada, other))
  t.same((await eventsOf(app, ada.user.id)).filter(event => event.startsWith('session')), [], 'no session was ended')

  await suspend(vendor)
  t.notOk(await isLetIn(ada), 'and again')
})

t.test('after twenty changes back and forth at once, both nodes agree with the table', async () => {
  const { vendor, users: [ada] } = await staffed(1)
  await Promise.all(Array.from({ length: 20 }, (_, place) => set(vendor, place % 2 ? 'active' : 'suspended', [app, other][place % 2])))
  const [row] = await app.database<{ status: string }>`select status from vendors where id = ${vendor}`
  for (const node of [app, other]) await until(async () => await isLetIn(ada, node) === (row?.status === 'active'))
})

t.test('a user who is moved into a suspended vendor is refused at once, and admitted again when moved out', async t => {
  const [{ vendor: shut, users: [ada] }, { vendor: fine, users: [bob] }] = [await staffed(1), await staffed(1)]
  await suspend(shut)
  await until(async () => !await isLetIn(ada, other))

  t.match(await move(bob, shut), { statusCode: 200 })
  t.match((await as(app, bob.access_token, 'GET', '/auth/sessions')).json(), { code: 'vendor_suspended' })
  await until(async () => !await isLetIn(bob, other))
  for (const place of [fine, null]) {
    await move(ada, place)
    t.ok(await isLetIn(ada))
    await until(async () => await isLetIn(ada, other))
  }
})

t.test('a user who is moved into a vendor suspended long ago is refused, and admitted when it is reinstated', async t => {
  const vendor = randomUUID()
  await app.database`insert into vendors (id, name, status) values (${vendor}, 'Long ago', 'suspended')`
  const ada = await signIn(app)
  await move(ada, vendor)
  t.notOk(await isLetIn(ada))
  await reinstate(vendor)
  t.ok(await isLetIn(ada))
  await until(async () => await isLetIn(ada, other))
})

t.test('a node that starts later knows of the suspension', async t => {
  const { vendor, users: [ada] } = await staffed(1)
  await suspend(vendor)
  const late = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
  t.match((await as(late, ada.access_token, 'GET', '/auth/sessions')).json(), { code: 'vendor_suspended' })
})

t.test('a sign-in that was under way gets no working token', async t => {
  const hasher = pausingHasher()
  const node = await start(t, deployment, { workers: false, hasher, clock: app.clock })
  const { vendor, accounts: [account] } = await staffed(1)
  hasher.meanwhile = async () => { await set(vendor, 'suspended', node) }
  const answer = await post(node, '/auth/login', { email: account.email, password })
  if (answer.statusCode === 200) t.match((await as(node, answer.json().access_token, 'GET', '/auth/sessions')).json(), { code: 'vendor_suspended' })
  else t.match(answer.json(), { status: 403, code: 'vendor_suspended' })
})

t.test('a token is refused as long as it can live', async t => {
  const slow = await deploy(t, { ACCESS_TOKEN_TTL: '1h' })
  const node = await start(t, slow, { workers: false, hasher: cheapHasher, clock: createClock() })
  const vendorId = randomUUID()
  await node.database`insert into vendors (id, name) values (${vendorId}, 'Slow')`
  const [chief, ada] = [await signInAs(node, 'admin'), await signInAs(node, 'user', { vendorId })]
  await as(node, chief.access_token, 'PATCH', `/vendors/${vendorId}`, { status: 'suspended' })

  node.clock.advance(hour - 30_000)
  node.revocations.forget()
  await node.feed.read()
  t.match((await as(node, ada.access_token, 'GET', '/auth/sessions')).json(), { code: 'vendor_suspended' })
})

t.test('a suspension is one row and one change, however many users the vendor has', async t => {
  const { vendor, users: [ada] } = await staffed(1)
  await app.database`
    insert into users (email, email_canonical, full_name, role, vendor_id)
    select a, a, 'Somebody', 'vendor', ${vendor}
    from generate_series(1, 2000) n, lateral (select 'crowd-' || n || '@' || ${vendor} || '.example' as a) address`
  const before = await app.database`select sum(version) as versions, sum(session_epoch) as epochs from users where vendor_id = ${vendor}`

  tap.take()
  await suspend(vendor)
  const { statements } = tap.take()
  t.ok(statements.length < 15, statements.join('\n'))
  t.same(await app.database`select sum(version) as versions, sum(session_epoch) as epochs from users where vendor_id = ${vendor}`, before)
  t.match(await app.database`select count(*)::int from changes where subject_id = ${vendor}`, [{ count: 1 }])
  t.notOk(await isLetIn(ada))
})

t.test('a request asks no store, except once for a vendor that has just changed', async t => {
  const { vendor, users: [ada, bob] } = await staffed(2)
  await isLetIn(ada)
  t.equal(await asked(ada), 0)
  await suspend(vendor)
  await asked(ada)
  t.equal(await asked(ada), 0)
  t.equal(await asked(bob), 0, 'and once for all of its users')

  async function asked (user: Tokens) {
    tap.take()
    await as(app, user.access_token, 'GET', '/auth/check')
    return tap.take().statements.length
  }
})

/** A vendor with this many users, all signed in. */
async function staffed (count: 0 | 1 | 2) {
  const { vendor: { id: vendor } } = (await as(app, admin.access_token, 'POST', '/vendors', { name: 'Quill and Sons' })).json() as { vendor: { id: string } }
  const accounts = await Promise.all(Array.from({ length: count }, () => signUp(app)))
  await app.database`update users set vendor_id = ${vendor}, version = version + 1 where id = any(${accounts.map(({ user }) => user.id)}::uuid[])`
  const users = await Promise.all(accounts.map(account => signIn(app, account)))
  return {
    vendor,
    accounts: accounts as [typeof accounts[0] & object, typeof accounts[0] & object],
    users: users as [Tokens, Tokens]
  }
}

async function set (vendor: string, status: 'active' | 'suspended', node = app) {
  const answer = await as(node, admin.access_token, 'PATCH', `/vendors/${vendor}`, { status })
  if (answer.statusCode !== 200) throw new Error(`PATCH answered ${answer.statusCode}: ${answer.body}`)
}

const suspend = async (vendor: string) => await set(vendor, 'suspended')
const reinstate = async (vendor: string) => await set(vendor, 'active')

async function move ({ user }: Tokens, vendor: string | null) {
  return await as(app, admin.access_token, 'PATCH', `/users/${user.id}`, { vendor_id: vendor })
}

async function isLetIn ({ access_token: token }: { access_token: string }, node = app) {
  return (await as(node, token, 'GET', '/auth/sessions')).statusCode === 200
}

/** A node with every route of ours as it was registered. */
async function collect (t: Parameters<typeof deploy>[0]) {
  const config = loadConfig(await deploy(t, { OPERATIONS_TOKEN: 'an-operations-token' }))
  const app = createServer(config)
  const routes: { method: 'GET', url: string }[] = []

  t.teardown(() => app.close())
  app.addHook('onRoute', ({ method, url }) => {
    if (url === '*' || url.startsWith('/docs')) return
    for (const verb of [method].flat()) if (verb !== 'HEAD') routes.push({ method: verb as 'GET', url })
  })
  await app.register(latchkey, { config, clock: createClock(), workers: false, hasher: cheapHasher })
  await app.ready()
  return { app, routes }
}
