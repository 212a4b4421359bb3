import { randomUUID } from 'node:crypto'
import t from 'tap'
import { brief, enter, person, signed } from '../../support/accounts/people.ts'
import type { Signed } from '../../support/accounts/people.ts'
import { connect } from '../../support/database.ts'
import { as, deploy, start } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t, { ACCESS_TOKEN_TTL: '1h' })
const app = await start(t, deployment, { workers: false })
const forbidden = { status: 403, code: 'forbidden' }
const minute = 60_000

t.test('a call that is denied again and again leaves one event a minute, and each denial is counted and answered alike', async t => {
  const eve = await signed(app)
  const before = await counted('users:read')
  const answers = await Promise.all(Array.from({ length: 50 }, () => as(app, eve.access_token, 'GET', '/users')))

  for (const answer of answers) t.match(brief(answer), forbidden)
  t.equal(await counted('users:read'), before + 50)
  t.match(await denialsOf(eve), [{ reason: 'users:read', sessionId: eve.session.id, read: { method: 'GET', route: '/api/v1/users' } }])
  t.equal((await denialsOf(eve)).length, 1)

  app.clock.advance(minute)
  for (let n = 0; n < 3; n++) await as(app, eve.access_token, 'GET', '/users')
  t.equal((await denialsOf(eve)).length, 2)
})

t.test('what somebody floods the trail with hides no other call and no other user', async t => {
  const [eve, mallory, ada] = [await signed(app), await signed(app), await person(app)]
  for (let n = 0; n < 5; n++) await as(app, eve.access_token, 'GET', '/users')
  await as(app, eve.access_token, 'DELETE', `/users/${ada.id}`)
  await as(app, mallory.access_token, 'GET', '/users')

  t.same((await denialsOf(eve)).map(({ reason, subjectId }) => [reason, subjectId]), [['users:read', null], ['users:delete', ada.id]])
  t.equal((await denialsOf(mallory)).length, 1)
})

t.test('all calls of one user together leave a hundred events an hour', async t => {
  const eve = await signed(app)
  for (let minutes = 0; minutes < 16; minutes++) await callEverything(eve)
  t.equal((await denialsOf(eve)).length, 100)

  const mallory = await signed(app)
  t.match(brief(await as(app, mallory.access_token, 'GET', '/users')), forbidden)
  t.equal((await denialsOf(mallory)).length, 1, 'another user has a hundred of their own')
  app.clock.advance(60 * minute)
  await callEverything(await enter(app, eve))
  t.equal((await denialsOf(eve)).length, 107)

  async function callEverything ({ access_token: token }: Signed) {
    for (const act of ['approve', 'reject', 'disable', 'enable', 'unlock', 'sign-out', 'password-reset']) {
      t.match(brief(await as(app, token, 'POST', `/users/${randomUUID()}/${act}`)), forbidden)
    }
    app.clock.advance(minute)
  }
})

t.test('a denial that could not be written is written the next time', async t => {
  const eve = await signed(app)
  const owner = connect(t, deployment.DATABASE_DIRECT_URL)
  await owner`alter table audit_events rename to audit_events_away`
  t.match(await as(app, eve.access_token, 'GET', '/users'), { statusCode: 503 })
  await owner`alter table audit_events_away rename to audit_events`

  t.match(brief(await as(app, eve.access_token, 'GET', '/users')), forbidden)
  t.equal((await denialsOf(eve)).length, 1)
})

async function denialsOf ({ id }: Signed) {
  return (await trail(app)).filter(({ event, actorId }) => event === 'authz_fail' && actorId === id)
}

async function counted (reason: string) {
  const [, count] = new RegExp(`latchkey_authz_denied_total\\{reason="${reason}"\\} (\\d+)`).exec(await app.metrics.render()) ?? []
  return Number(count)
}
