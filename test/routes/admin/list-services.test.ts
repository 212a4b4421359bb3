import t from 'tap'
import { sha256 } from '../../../lib/crypto/sha256.ts'
import { brief, signed } from '../../support/accounts/people.ts'
import { signInAs } from '../../support/accounts/roles.ts'
import { makeService, operator } from '../../support/accounts/services.ts'
import { as, deploy, start } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false })
const chief = await signed(app, 'super_admin')

interface Page {
  services: { id: string, name: string, may_revoke: boolean, may_follow: boolean, created_at: string }[]
  next_cursor: string | null
}

t.test('a deployment without services has an empty list', async t => {
  t.strictSame((await list()).json(), { services: [], next_cursor: null })
})

t.test('credentials are listed by name, in pages, each of them once', async t => {
  const names = ['shipping', 'billing', 'a', 'billing', 'billing', 'zoo-2', 'zoo']
  for (const name of names) await makeService(app, { name })
  const found: Page['services'] = []
  let next: string | null = null
  do {
    const page: Page = (await list({ limit: '2', ...next !== null && { cursor: next } })).json()
    t.ok(page.services.length === 2 || page.next_cursor === null, 'a page is full, or the last one')
    found.push(...page.services)
    next = page.next_cursor
  } while (next !== null)

  t.same(found.map(({ name }) => name), ['a', 'billing', 'billing', 'billing', 'shipping', 'zoo', 'zoo-2'])
  t.equal(new Set(found.map(({ id }) => id)).size, names.length)
})

t.test('a credential is shown with its rights, and neither its secret nor its hash', async t => {
  const { id, secret } = await makeService(app, { name: 'follower', mayFollow: true })
  const answer = await list({ limit: '200' })
  const shown = (answer.json() as Page).services.find(service => service.id === id)
  const { created_at: createdAt, ...others } = shown ?? { created_at: '' }

  t.strictSame(others, { id, name: 'follower', may_revoke: false, may_follow: true })
  t.ok(Math.abs(Date.parse(createdAt) - app.clock.now()) < 60_000)
  t.notMatch(answer.body, secret)
  for (const form of ['base64', 'base64url', 'hex'] as const) t.notMatch(answer.body, sha256(secret).toString(form))
})

t.test('a credential that is revoked is gone from the list', async t => {
  const { id } = await makeService(app, { name: 'former' })
  await app.services.revoke({ name: 'former' }, operator)
  t.notMatch((await list({ limit: '200' })).body, id)
})

t.test('an invalid query is refused, and so is a cursor of another list', async t => {
  const bad: Record<string, string>[] = [{ limit: '0' }, { limit: '201' }, { limit: 'ten' }, { cursor: 'AAAA' }, { name: 'a' }]
  for (const query of bad) t.match(await list(query), { statusCode: 422 }, JSON.stringify(query))

  await signInAs(app, 'user')
  const users = (await as(app, chief.access_token, 'GET', '/users?limit=1')).json()
  t.match((await list({ cursor: users.next_cursor ?? 'none' })).json(), { code: 'invalid_request', errors: [{ path: '/cursor' }] })
})

t.test('only callers who may change roles see services', async t => {
  for (const role of ['admin', 'accountant', 'user']) {
    const { access_token: token, user } = await signInAs(app, role)
    t.same(brief(await as(app, token, 'GET', '/admin/services')), { status: 403, code: 'forbidden' }, role)
    t.match((await trail(app)).filter(({ actorId }) => actorId === user.id).at(-1), { reason: 'roles:write' })
  }
  t.match(brief(await app.inject('/api/v1/admin/services')), { status: 401 })
})

t.test('while Postgres does not answer, the list says so and when to ask again', async t => {
  const impatient = await start(t, { ...deployment, DB_STATEMENT_TIMEOUT: '1s' }, { workers: false, clock: app.clock })
  await app.database.begin(async tx => {
    await tx`lock table services in access exclusive mode`
    const answer = await as(impatient, chief.access_token, 'GET', '/admin/services')
    t.match(brief(answer), { status: 503, code: 'unavailable' })
    t.ok(answer.headers['retry-after'])
  })
})

async function list (query: Record<string, string> = {}) {
  return await as(app, chief.access_token, 'GET', `/admin/services?${new URLSearchParams(query)}`)
}
