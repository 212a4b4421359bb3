import { randomUUID } from 'node:crypto'
import t from 'tap'
import { signInAs } from '../../support/accounts/roles.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, retryUnavailable, start } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const [root, admin] = [await signInAs(app, 'super_admin'), await signInAs(app, 'admin')]

t.test('a vendor is renamed, suspended and reinstated', async t => {
  const vendor = await create('Quill')
  const steps = [
    [{ name: 'Quill and Sons' }, { id: vendor.id, name: 'Quill and Sons', status: 'active' }],
    [{ status: 'suspended' }, { id: vendor.id, name: 'Quill and Sons', status: 'suspended' }],
    [{ name: 'Quill', status: 'active' }, { id: vendor.id, name: 'Quill', status: 'active' }]
  ] as const
  for (const [change, after] of steps) {
    const answer = await update(vendor.id, change)
    t.equal(answer.statusCode, 200)
    t.strictSame(answer.json(), { vendor: after })
  }
  t.match(await trail(app, vendor.id), [
    { event: 'vendor_created' },
    { event: 'vendor_updated', actorId: admin.user.id, read: { before: { name: 'Quill', status: 'active' }, after: { name: 'Quill and Sons', status: 'active' } } },
    { event: 'vendor_suspended', actorId: admin.user.id, read: { before: { status: 'active' }, after: { status: 'suspended' } } },
    { event: 'vendor_reinstated', outcome: 'success', read: { before: { name: 'Quill and Sons', status: 'suspended' }, after: { name: 'Quill', status: 'active' } } }
  ])
})

t.test('nodes are notified of the status alone, once for each change of it', async t => {
  const vendor = await create('Beam')
  for (const change of [{ name: 'Beams' }, { status: 'active' }, { status: 'suspended' }, { status: 'suspended' }, { status: 'suspended', name: 'Beam' }, { status: 'active' }]) await update(vendor.id, change)
  t.strictSame(await app.database`select kind, number from changes where subject_id = ${vendor.id} order by seq`, [{ kind: 'vendor_changed', number: 2 }, { kind: 'vendor_changed', number: 3 }])
  t.same((await trail(app, vendor.id)).map(({ event }) => event), ['vendor_created', 'vendor_updated', 'vendor_suspended', 'vendor_updated', 'vendor_reinstated'], 'who says what is so leaves no trace')
})

t.test('a vendor that was inserted by other means gets an audit trail as well', async t => {
  const id = randomUUID()
  await app.database`insert into vendors (id, name) values (${id}, 'Old')`
  await Promise.all(Array.from({ length: 5 }, (_, place) => update(id, { name: `Old ${place}` })))
  t.same((await trail(app, id)).map(({ event, read }) => [event, read !== null]), Array.from({ length: 5 }, () => ['vendor_updated', true]))
})

t.test('after twenty changes at once the final state is the one announced last', async t => {
  const vendor = await create('Crowd')
  const answers = await Promise.all(Array.from({ length: 20 }, (_, place) => retryUnavailable(() => update(vendor.id, { status: place % 2 ? 'active' : 'suspended' }, admin, [app, other][place % 2]))))
  t.ok(answers.every(({ statusCode }) => statusCode === 200))

  const [row] = await app.database<{ status: string, version: number }>`select status, version from vendors where id = ${vendor.id}`
  const told = await app.database<{ number: number }>`select number from changes where subject_id = ${vendor.id} order by seq`
  t.same(told.map(({ number }) => number), Array.from({ length: told.length }, (_, place) => place + 2), 'in their order, none left out')
  t.equal(row?.version, told.at(-1)?.number ?? 1)
  t.equal(row?.status, Number(row?.version) % 2 ? 'active' : 'suspended')
})

t.test('an invalid change is refused', async t => {
  const vendor = await create('Still')
  const wrong: [object, string][] = [[{}, ''], [{ name: '' }, '/name'], [{ name: null }, '/name'], [{ status: 'deleted' }, '/status'], [{ status: true }, '/status'], [{ id: vendor.id }, '/id'], [{ version: 1 }, '/version']]
  for (const [body, path] of wrong) t.match((await update(vendor.id, body)).json(), { status: 422, code: 'invalid_request', errors: [{ path }] }, JSON.stringify(body))
  for (const id of [randomUUID(), admin.user.id, 'nothing', '../roles/user']) t.match((await update(encodeURIComponent(id), { name: 'A' })).json(), { status: 404, code: 'not_found' }, id)
  t.match((await trail(app, vendor.id)).map(({ event }) => event), ['vendor_created'])
})

t.test('a caller without the permission is refused, whether or not the vendor exists', async t => {
  const vendor = await create('Mine')
  for (const role of ['accountant', 'vendor', 'user']) {
    const { access_token: token, user } = await signInAs(app, role, { vendorId: vendor.id })
    for (const id of [vendor.id, randomUUID()]) t.match((await as(app, token, 'PATCH', `/vendors/${id}`, { status: 'suspended' })).json(), { status: 403, code: 'forbidden' }, role)
    t.match((await trail(app)).filter(({ actorId }) => actorId === user.id).at(-1), { event: 'authz_fail', reason: 'users:write' })
  }
  t.match((await app.inject({ method: 'PATCH', url: `/api/v1/vendors/${vendor.id}`, payload: { status: 'suspended' } })).json(), { status: 401 })
  t.match(await app.database`select status from vendors where id = ${vendor.id}`, [{ status: 'active' }])
})

t.test('suspending and reinstating a vendor need a higher rank than each of its users', async t => {
  const vendor = await create('Mixed')
  const [peer, chief] = [await signInAs(app, 'admin', { vendorId: vendor.id }), await signInAs(app, 'super_admin')]

  t.match((await update(vendor.id, { status: 'suspended' })).json(), { status: 403, code: 'forbidden' })
  t.match((await trail(app)).filter(({ actorId }) => actorId === admin.user.id).at(-1), { event: 'authz_fail', reason: 'rank' })
  t.match(await update(vendor.id, { name: 'Mixed & Co' }), { statusCode: 200 }, 'a name holds nobody up')
  t.match((await update(vendor.id, { status: 'suspended' }, peer)).json(), { code: 'forbidden' }, 'nor upon oneself')
  t.match(await update(vendor.id, { status: 'suspended' }, root), { statusCode: 200 }, 'who stands above them all may')
  t.match(await update(vendor.id, { status: 'suspended' }), { statusCode: 200 }, 'to say what is so changes nobody')

  const before = await trail(app, vendor.id)
  t.match((await update(vendor.id, { status: 'active', name: 'Free' })).json(), { status: 403, code: 'forbidden' }, 'nobody lifts what somebody above has imposed')
  t.match((await as(app, peer.access_token, 'GET', '/users')).json(), { code: 'vendor_suspended' })
  t.match(await app.database`select name, status from vendors where id = ${vendor.id}`, [{ name: 'Mixed & Co', status: 'suspended' }])
  t.strictSame(await trail(app, vendor.id), before)
  t.match(await update(vendor.id, { name: 'Mixed' }), { statusCode: 200 })
  t.match(await update(vendor.id, { status: 'active' }, root), { statusCode: 200 })
  t.match(await as(app, peer.access_token, 'GET', '/users'), { statusCode: 200 })

  await app.database`update users set vendor_id = ${vendor.id}, version = version + 1 where id = ${chief.user.id}`
  t.match((await update(vendor.id, { status: 'suspended' }, root)).json(), { status: 403, code: 'forbidden' }, 'not even a super_admin, who could be the last one')
})

t.test('the last super_admin who can still act stays', async t => {
  const lonely = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })
  const [one, two] = [await signInAs(lonely, 'super_admin'), await signInAs(lonely, 'super_admin')]
  const { vendor } = (await as(lonely, one.access_token, 'POST', '/vendors', { name: 'Empty' })).json()
  await as(lonely, one.access_token, 'PATCH', `/vendors/${vendor.id}`, { status: 'suspended' })
  t.match(await as(lonely, one.access_token, 'PATCH', `/users/${two.user.id}`, { vendor_id: vendor.id }), { statusCode: 200 })

  t.match((await as(lonely, two.access_token, 'GET', '/roles')).json(), { code: 'vendor_suspended' })
  t.match((await as(lonely, one.access_token, 'DELETE', '/auth/me')).json(), { status: 409, code: 'last_super_admin' })
})

t.test('a vendor cannot be suspended while another act is about to leave a single super_admin', async t => {
  const impatient = await start(t, { ...deployment, DB_STATEMENT_TIMEOUT: '1s' }, { workers: false })
  const vendor = await create('Waiting')
  await app.database.begin(async tx => {
    await tx`select name from roles where name = 'super_admin' for no key update`
    t.match((await update(vendor.id, { status: 'suspended' }, admin, impatient)).json(), { status: 503, code: 'unavailable' })
    t.match(await update(vendor.id, { name: 'Waited' }), { statusCode: 200 })
  })
  t.match((await update(vendor.id, { status: 'suspended' })).json(), { vendor: { name: 'Waited', status: 'suspended' } })
})

async function create (name: string): Promise<{ id: string }> {
  return (await as(app, admin.access_token, 'POST', '/vendors', { name })).json().vendor
}

async function update (id: string, change: object, by: { access_token: string } = admin, node = app) {
  return await as(node, by.access_token, 'PATCH', `/vendors/${id}`, change)
}
