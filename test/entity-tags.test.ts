import { randomUUID } from 'node:crypto'
import t from 'tap'
import { person, rowOf, signed } from './support/accounts/people.ts'
import { definition, freshRole, putRole } from './support/accounts/roles.ts'
import { cheapHasher } from './support/hashers.ts'
import { as, deploy, signIn, start } from './support/helper.ts'
import { trail } from './support/trail/evidence.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const admin = await signed(app, 'admin')
const chief = await signed(app, 'super_admin')

t.test('a user is changed only as they were read: the second of two administrators is told', async t => {
  const ada = await person(app)
  const [mine, theirs] = [await tagOf(ada.id), await tagOf(ada.id, other)]
  t.match(mine, /^"[\w-]{43}"$/)
  t.equal(mine, theirs, 'every node says the same')

  const changed = await change('PATCH', `/users/${ada.id}`, mine, { full_name: 'Ada Lovelace' })
  t.match(changed, { statusCode: 200, headers: { etag: /^"[\w-]{43}"$/ } })
  t.not(changed.headers['etag'], mine)
  t.equal(changed.headers['etag'], await tagOf(ada.id), 'the answer has the new tag')
  const next = await change('PATCH', `/users/${ada.id}`, String(changed.headers['etag']), { locale: 'de' })
  t.match(next, { statusCode: 200 })

  const before = await state(ada.id)
  for (const method of ['PATCH', 'PUT'] as const) {
    const payload = { full_name: 'Somebody else', role: 'vendor', email: `new-${ada.email}` }
    const stale = await change(method, `/users/${ada.id}`, theirs, payload)
    t.match(stale, { statusCode: 412, headers: { 'content-type': /^application\/problem\+json/ } })
    t.match(stale.json(), { code: 'stale', status: 412 })
    t.notOk(stale.headers['etag'])
  }
  t.strictSame(await state(ada.id), before)
  t.match(await rowOf(app, ada.id), { fullName: 'Ada Lovelace', locale: 'de', role: 'user' })
})

t.test('of ten changes at once to what all have read, one is made', async t => {
  const ada = await person(app)
  const tag = await tagOf(ada.id)
  const answers = await Promise.all(Array.from({ length: 10 }, (_, n) =>
    change('PATCH', `/users/${ada.id}`, tag, { full_name: `Ada ${n}` }, n % 2 ? app : other)))

  t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [200, ...Array(9).fill(412)])
  t.match(await rowOf(app, ada.id), { version: 2 })
  t.equal((await trail(app, ada.id)).filter(({ event }) => event === 'user_updated').length, 1)
})

t.test('everything that an answer shows is part of the tag, a sign-in too', async t => {
  const ada = await signed(app)
  const tag = await tagOf(ada.id)
  app.clock.advance(1000)
  await signIn(app, ada)
  t.not(await tagOf(ada.id), tag)
})

t.test('* and lists of tags are accepted, weak tags never match, and without the header all is as before', async t => {
  const ada = await person(app)
  const url = `/users/${ada.id}`
  t.match(await change('PATCH', url, '*', { full_name: 'One' }), { statusCode: 200 })
  t.match(await change('PATCH', url, `"other", ${await tagOf(ada.id)}`, { full_name: 'Two' }), { statusCode: 200 })
  const replaced = await change('PUT', url, await tagOf(ada.id), { full_name: 'Three' })
  t.match(replaced, { statusCode: 200, headers: { etag: undefined } })
  t.match(await change('PATCH', url, `W/${await tagOf(ada.id)}`, { full_name: 'Four' }), { statusCode: 412 })
  for (const header of ['Ada', '"a" "b"', '*, "a"']) {
    const answer = await change('PATCH', url, header, { full_name: 'Five' })
    t.match(answer.json(), { status: 400, code: 'malformed_request' })
  }
  t.match(await rowOf(app, ada.id), { fullName: 'Three' })
  t.match(await as(app, admin.access_token, 'PATCH', url, { full_name: 'Six' }), { statusCode: 200 })
})

t.test('a change that would be refused anyway is refused as before', async t => {
  for (const header of ['*', '"other"']) {
    t.match(await change('PATCH', `/users/${randomUUID()}`, header, { full_name: 'Nobody' }), { statusCode: 404 })
    t.match(await change('PATCH', `/users/${chief.id}`, header, { full_name: 'Mallory' }), { statusCode: 403 })
  }
})

t.test('a role is changed only while the roles are as they were listed', async t => {
  const [name, another] = [freshRole(), freshRole()]
  t.match(await change('PUT', `/roles/${name}`, '*', definition()), { statusCode: 412 }, 'there is none')
  t.match(await putRole(app, chief.access_token, name), { statusCode: 201 })
  t.match(await change('PUT', `/roles/${name}`, '*', definition({ rank: 31 })), { statusCode: 200 })

  const tag = await tagOfRoles()
  t.match(await change('PUT', `/roles/${another}`, tag, definition()), { statusCode: 201 }, 'a new one as well')
  const before = await app.database`select count(*)::int as events from audit_events`
  for (const role of [name, another]) {
    const answer = await change('PUT', `/roles/${role}`, tag, definition({ permissions: ['users:read'] }))
    t.match(answer.json(), { status: 412, code: 'stale' })
  }
  t.strictSame(await app.database`select count(*)::int as events from audit_events`, before)
  const rubbish = await change('PUT', `/roles/${name}`, 'rubbish', definition())
  t.match(rubbish.json(), { status: 400, code: 'malformed_request' })

  const current = await tagOfRoles()
  t.not(current, tag)
  const answers = await Promise.all([32, 33, 34, 35].map((rank, n) =>
    change('PUT', `/roles/${name}`, current, definition({ rank }), n % 2 ? app : other)))
  t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [200, 412, 412, 412])
})

async function change (method: 'PATCH' | 'PUT', url: string, ifMatch: string, payload: object, node = app) {
  const { access_token: token } = url.startsWith('/roles') ? chief : admin
  const headers = { authorization: `Bearer ${token}`, 'if-match': ifMatch }
  return await node.inject({ method, url: `/api/v1${url}`, headers, payload })
}

async function tagOf (id: string, node = app) {
  return String((await as(node, admin.access_token, 'GET', `/users/${id}`)).headers['etag'])
}

async function tagOfRoles () {
  return String((await as(app, admin.access_token, 'GET', '/roles')).headers['etag'])
}

/** What a refused change must leave as it is. */
async function state (id: string) {
  const tokens = await app.database`select id from one_time_tokens where user_id = ${id}`
  const jobs = await app.database`select count(*)::int as count from jobs`
  return JSON.stringify([await rowOf(app, id), (await trail(app, id)).length, tokens, jobs])
}
