import t from 'tap'
import { signInAs } from '../../support/accounts/roles.ts'
import { connect, makeDatabase } from '../../support/database.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, start } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'

const app = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })
const admin = await signInAs(app, 'admin')

interface Page { vendors: { id: string, name: string, status: string }[], next_cursor: string | null }

t.test('vendors are listed by name, in pages, each of them once', async t => {
  const names = ['anvil', 'Beam', 'Zeta', 'beam', 'Éclair', 'Quill and Sons', '100 % Oak', 'BEAM', 'quill_', 'Quillery', '李氏']
  await app.database`insert into vendors (name) select unnest(${names}::text[])`
  const found: string[] = []
  let next: string | null = null
  do {
    const { vendors, next_cursor: cursor }: Page = (await list({ limit: '2', ...next !== null && { cursor: next } })).json()
    t.ok(vendors.length === 2 || cursor === null, 'a page is full, or the last one')
    found.push(...vendors.map(({ name }) => name))
    next = cursor
  } while (next !== null)

  t.strictSame(found.map(name => name.toLowerCase()), ['100 % oak', 'anvil', 'beam', 'beam', 'beam', 'quill and sons', 'quill_', 'quillery', 'zeta', 'éclair', '李氏'])
  t.same(found.toSorted(), names.toSorted())
})

t.test('a vendor is shown with its public fields only', async t => {
  const { vendors }: Page = (await list({ q: 'zet' })).json()
  t.strictSame(vendors.map(vendor => ({ ...vendor, id: '' })), [{ id: '', name: 'Zeta', status: 'active' }])
  t.strictSame((await list({ q: 'nobody' })).json(), { vendors: [], next_cursor: null })
})

t.test('a name and a search are one in NFC and NFD', async t => {
  const { vendor } = (await as(app, admin.access_token, 'POST', '/vendors', { name: 'U\u0308bersee' })).json()
  t.equal(vendor.name, '\u00dcbersee')
  for (const q of ['\u00fcber', 'u\u0308ber']) t.match((await list({ q })).json(), { vendors: [{ id: vendor.id }] }, encodeURIComponent(q))
})

t.test('a search matches the beginning of the name in any case, and no character is a wildcard', async t => {
  for (const [q, names] of [['quill', ['Quill and Sons', 'quill_', 'Quillery']], ['QUILL_', ['quill_']], ['é', ['Éclair']], ['100 %', ['100 % Oak']], ['%', []], ['_', []], ['\\', []], ['uill', []], ['李', ['李氏']], ["'; drop", []]] as const) {
    t.strictSame((await list({ q })).json().vendors.map(({ name }: { name: string }) => name), names, q)
  }
  const first: Page = (await list({ q: 'beam', limit: '2' })).json()
  const second: Page = (await list({ q: 'beam', limit: '2', cursor: first.next_cursor ?? '' })).json()
  t.same([first, second].map(({ vendors }) => vendors.length), [2, 1])
  t.equal(second.next_cursor, null)
})

t.test('a list goes on after the longest name, in any script', async t => {
  for (const character of ['\u{1f980}', '\u{20bb7}', '"']) {
    const names = ['a', 'b'].map(last => `${character.repeat(199)}${last}`)
    await app.database`insert into vendors (name) select unnest(${names}::text[])`
    const q = character.repeat(100)
    const first: Page = (await list({ q, limit: '1' })).json()
    const second: Partial<Page> = (await list({ q, limit: '1', cursor: first.next_cursor ?? '' })).json()

    t.strictSame([...first.vendors, ...second.vendors ?? []].map(({ name }) => name), names)
  }
})

t.test('a cursor works for its own list only', async t => {
  const { next_cursor: cursor }: Page = (await list({ q: 'beam', limit: '1' })).json()
  for (const query of [{ cursor }, { cursor, q: 'quill' }, { cursor: `${cursor}A`, q: 'beam' }, { cursor: 'AAAA' }, { cursor: '%20' }]) {
    t.match((await list(query as Record<string, string>)).json(), { status: 422, code: 'invalid_request', errors: [{ path: '/cursor' }] }, JSON.stringify(query))
  }
  t.match(await list({ cursor: cursor ?? '', q: 'beam', limit: '5' }), { statusCode: 200 }, 'whatever the size of its pages')
  const users = (await as(app, admin.access_token, 'GET', '/users?limit=1')).json()
  t.match(await list({ cursor: users.next_cursor ?? 'none' }), { statusCode: 422 }, 'not one of users')
})

t.test('an invalid query is refused', async t => {
  for (const query of [{ limit: '0' }, { limit: '201' }, { limit: '-1' }, { limit: '1e3' }, { limit: 'ten' }, { q: '' }, { q: 'x'.repeat(101) }, { q: '\u0000' }, { sort: 'name' }, { offset: '1' }]) {
    t.match(await list(query as Record<string, string>), { statusCode: 422 }, JSON.stringify(query))
  }
  t.match(await as(app, admin.access_token, 'GET', '/vendors?limit=1&limit=2'), { statusCode: 422 })
  t.match(await list({ limit: '200' }), { statusCode: 200 })
})

t.test('only callers who may change users see vendors', async t => {
  for (const role of ['accountant', 'vendor', 'user']) {
    const { access_token: token, user } = await signInAs(app, role)
    t.match((await as(app, token, 'GET', '/vendors')).json(), { status: 403, code: 'forbidden' }, role)
    t.match((await trail(app)).filter(({ actorId }) => actorId === user.id).at(-1), { event: 'authz_fail', reason: 'users:write' })
  }
  t.match((await app.inject('/api/v1/vendors')).json(), { status: 401 })
})

t.test('a page costs the same among any number of vendors, because it is read from the index', async t => {
  const sql = connect(t, (await makeDatabase(t)).directUrl)
  await sql`insert into vendors (name) select 'Vendor ' || n from generate_series(1, 20000) n`
  await sql`analyze vendors`

  for (const condition of ['true', "lower(name) collate \"C\" >= lower('vendor 77') and lower(name) collate \"C\" < lower('vendor 77') || chr(1114111)", "(lower(name) collate \"C\", id) > ('vendor 5', gen_random_uuid())"]) {
    const plan = JSON.stringify(await sql.unsafe(`explain select id, name from vendors where ${condition} order by lower(name) collate "C", id limit 51`))
    t.match(plan, /Index Scan using vendors_name/, condition)
    t.notMatch(plan, /Sort|Seq Scan/)
  }
})

async function list (query: Record<string, string>) {
  return await as(app, admin.access_token, 'GET', `/vendors?${new URLSearchParams(query)}`)
}
