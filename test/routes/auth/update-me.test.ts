import { randomUUID } from 'node:crypto'
import t from 'tap'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, refresh, signIn, start } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher })

t.test('name and locale change, alone or together, on every node', async t => {
  const ada = await signIn(app)
  t.match((await patch(ada, { full_name: 'Ada Lovelace' })).json(), { user: { full_name: 'Ada Lovelace', locale: 'en' } })
  t.match((await patch(ada, { locale: 'de-CH' })).json(), { user: { full_name: 'Ada Lovelace', locale: 'de-CH' } })
  t.match((await as(other, ada.access_token, 'GET', '/auth/me')).json(), { user: { full_name: 'Ada Lovelace', locale: 'de-CH' } })
  t.match(await refresh(app, ada.refresh_token), { statusCode: 200 }, 'no session ends')
  t.match(await as(app, ada.access_token, 'GET', '/auth/check'), { statusCode: 204 })
})

t.test('the trail has before and after, readable with the subject’s key', async t => {
  const ada = await signIn(app)
  await patch(ada, { full_name: 'Ada Lovelace' })
  const row = (await trail(app, ada.user.id)).at(-1)
  t.match(row, { event: 'user_updated', outcome: 'success', actorId: ada.user.id })
  t.match(JSON.stringify(row?.read), /Ada King.*Ada Lovelace|Ada Lovelace.*Ada King/)
  t.notOk(row?.personal?.includes('Lovelace'))
})

t.test('names are stored as people write them', async t => {
  const ada = await signIn(app)
  for (const name of ['Ó', '李小龍', 'O’Neil-Smith, Jr.', '<script>alert(1)</script>', "Robert'); drop table users;--", '😀 Ada', 'x'.repeat(200), 'Ада']) {
    t.match((await patch(ada, { full_name: name })).json(), { user: { full_name: name } })
  }
})

t.test('no other field can be changed', async t => {
  const ada = await signIn(app)
  const before = (await app.database`select * from users where id = ${ada.user.id}`)[0]
  for (const field of [{ role: 'super_admin' }, { status: 'active' }, { approval: 'approved' }, { email: 'eve@example.com' }, { email_verified: false }, { id: randomUUID() }, { vendor_id: randomUUID() }, { password: 'x' }, { must_change_password: false }, { created_at: new Date().toISOString() }, { user_type: 'staff' }, { version: 9 }, { permissions: [] }, { fullName: 'x' }]) {
    t.match((await patch(ada, { full_name: 'Eve', ...field })).json(), { status: 422, code: 'invalid_request' }, JSON.stringify(field))
  }
  for (const body of [{}, { full_name: '' }, { full_name: ' ' }, { full_name: null }, { full_name: 1 }, { full_name: 'a\nb' }, { full_name: 'x'.repeat(201) }, { full_name: '\ud83d' }, { locale: 'en_US' }, { locale: '' }, { locale: null }, { locale: ['en'] }, { full_name: 'a\0b' }]) {
    t.match((await patch(ada, body)).json(), { status: /4(00|22)/, code: /^(invalid|malformed)_request$/ }, JSON.stringify(body))
  }
  t.same((await app.database`select * from users where id = ${ada.user.id}`)[0], before)
})

t.test('a caller who is not signed in changes nothing', async t => {
  t.match((await app.inject({ method: 'PATCH', url: '/api/v1/auth/me', payload: { full_name: 'Eve' } })).json(), { status: 401, code: 'unauthenticated' })
  t.match((await app.inject({ method: 'PATCH', url: '/api/v1/auth/me', payload: 'x' })).statusCode, 401)
})

t.test('twenty changes at once are all made, to one user', async t => {
  const ada = await signIn(app)
  const answers = await Promise.all(Array.from({ length: 20 }, (_, place) => patch(ada, { full_name: `Ada ${place}` }, place % 2 ? app : other)))
  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
  t.match((await as(app, ada.access_token, 'GET', '/auth/me')).json().user.full_name, /^Ada \d+$/)
})

t.test('a change to the values that are there writes nothing', async t => {
  const ada = await signIn(app)
  await patch(ada, { full_name: 'Ada Lovelace', locale: 'de' })
  const written = async () => ({
    user: await app.database`select version, updated_at from users where id = ${ada.user.id}`,
    changes: await app.database`select seq from changes where subject_id = ${ada.user.id}`,
    events: (await trail(app, ada.user.id)).length
  })
  const before = await written()

  for (const body of [{ full_name: 'Ada Lovelace' }, { locale: 'de' }, { full_name: 'Ada Lovelace', locale: 'de' }]) {
    t.match((await patch(ada, body)).json(), { user: { full_name: 'Ada Lovelace', locale: 'de' } })
  }
  t.same(await written(), before)
})

t.test('a profile is written sixty times in fifteen minutes at most, whatever the session', async t => {
  const limited = await start(t, { ...deployment, RATE_LIMITS_ENABLED: 'true' }, { workers: false, hasher: cheapHasher })
  const ada = await signIn(app)
  const again = await signIn(app, { email: ada.user.email })
  const send = async (n: number) => await patch(n % 2 ? ada : again, { full_name: `Ada ${n}` }, limited)
  for (let n = 0; n < 60; n++) t.equal((await send(n)).statusCode, 200)

  t.match((await send(60)).json(), { status: 429, code: 'rate_limited' })
  t.match((await as(limited, ada.access_token, 'GET', '/auth/me')).json(), { user: { full_name: 'Ada 59' } })
  limited.clock.advance(15 * 60_000)
  app.clock.advance(15 * 60_000)
  t.equal((await patch(await signIn(app, { email: ada.user.email }), { full_name: 'Ada 61' }, limited)).statusCode, 200)
})

async function patch ({ access_token: token }: { access_token: string }, body: object, node = app) {
  return await as(node, token, 'PATCH', '/auth/me', body)
}
