import t from 'tap'
import { signInAs } from '../../support/accounts/roles.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, start } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'

const app = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })
const admin = await signInAs(app, 'admin')

t.test('a new vendor is active', async t => {
  const answer = await create({ name: 'Quill and Sons' })
  const { vendor } = answer.json()

  t.equal(answer.statusCode, 201)
  t.strictSame(answer.json(), { vendor: { id: vendor.id, name: 'Quill and Sons', status: 'active' } })
  t.match(await app.database`select id, name, status from vendors`, [vendor])
  t.match(await trail(app, vendor.id), [{ event: 'vendor_created', outcome: 'success', actorId: admin.user.id, read: { ip: '127.0.0.1', after: { name: 'Quill and Sons', status: 'active' } } }])
  t.strictSame(await app.database`select seq from changes where kind = 'vendor_changed'`, [], 'nobody needs to hear of it')
})

t.test('two vendors may have the same name', async t => {
  const [one, two] = [(await create({ name: 'Twin' })).json(), (await create({ name: 'Twin' })).json()]
  t.not(one.vendor.id, two.vendor.id)
})

t.test('its users carry the vendor in their tokens', async t => {
  const { vendor } = (await create({ name: 'Engines' })).json()
  const { access_token: token, user } = await signInAs(app, 'vendor', { vendorId: vendor.id })
  t.match(user, { vendor_id: vendor.id })
  t.equal(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).vendor_id, vendor.id)
})

t.test('an invalid name or an unknown field is refused', async t => {
  const before = await app.database`select count(*) from vendors`
  const wrong: [object, string][] = [
    [{}, '/name'], [{ name: '' }, '/name'], [{ name: '  ' }, '/name'], [{ name: 'x'.repeat(201) }, '/name'], [{ name: 'a\tb' }, '/name'], [{ name: 'two\nlines' }, '/name'],
    [{ name: 7 }, '/name'], [{ name: 'A', status: 'suspended' }, '/status'], [{ name: 'A', id: 'b4a1b0f6-6e9f-4f65-8c7c-5b1d7a3f5a10' }, '/id'], [{ name: 'A', version: 9 }, '/version']
  ]
  for (const [body, path] of wrong) t.match((await create(body)).json(), { status: 422, code: 'invalid_request', errors: [{ path }] }, JSON.stringify(body))
  t.same(await app.database`select count(*) from vendors`, before)
  t.match(await create({ name: '𝄞'.repeat(200) }), { statusCode: 201 })
})

t.test('an administrator whose account was disabled makes none, even before this node has heard of it', async t => {
  const gone = await signInAs(app, 'admin')
  const before = await app.database`select count(*) from vendors`
  await app.database`update users set status = 'disabled' where id = ${gone.user.id}`
  t.match((await as(app, gone.access_token, 'POST', '/vendors', { name: 'A' })).json(), { status: 401, code: 'session_ended', reason: 'account_disabled' })
  t.same(await app.database`select count(*) from vendors`, before)
})

t.test('a caller without the permission is refused', async t => {
  const before = await app.database`select count(*) from vendors`
  for (const role of ['accountant', 'vendor', 'user']) {
    const { access_token: token } = await signInAs(app, role)
    t.match((await as(app, token, 'POST', '/vendors', { name: 'A' })).json(), { status: 403, code: 'forbidden' }, role)
  }
  t.match((await app.inject({ method: 'POST', url: '/api/v1/vendors', payload: { name: 'A' } })).json(), { status: 401 })
  t.same(await app.database`select count(*) from vendors`, before)
})

async function create (body: object) {
  return await as(app, admin.access_token, 'POST', '/vendors', body)
}
