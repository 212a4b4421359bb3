import { randomUUID } from 'node:crypto'
import t from 'tap'
import latchkey from '../app.ts'
import { createClock } from '../lib/clock.ts'
import { loadConfig } from '../lib/config/config.ts'
import { createServer } from '../plugins/http/server.ts'
import { codeAt, guarded } from './support/accounts/factors.ts'
import { person } from './support/accounts/people.ts'
import { cheapHasher } from './support/hashers.ts'
import { deploy, password, post, refresh, signIn } from './support/helper.ts'
import type { Tokens } from './support/helper.ts'
import { eventsOf } from './support/trail/evidence.ts'

/** The documented permissions of each role. */
const permissions = `
| role        | users:read | users:write | users:delete | users:approve | sessions:revoke | audit:read | roles:write | stats:read |
| super_admin | ✓          | ✓           | ✓            | ✓             | ✓               | ✓          | ✓           | ✓          |
| admin       | ✓          | ✓           |              | ✓             | ✓               | ✓          |             | ✓          |
| accountant  | ✓          |             |              |               |                 |            |             | ✓          |
| vendor      |            |             |              |               |                 |            |             |            |
| user        |            |             |              |               |                 |            |             |            |`

/**
 * The requirement of each route: a permission, or `anybody` for none, `session` for a session only, `service` and
 * `operator` for credentials of their own. ⏱ requires a recently entered password, too.
 */
const routes = `
| GET /api/v1/users                                  | users:read      |
| GET /api/v1/users/:id                              | users:read      |
| GET /api/v1/users/:id/second-factors               | users:read      |
| GET /api/v1/users/:id/devices                      | users:read      |
| GET /api/v1/users/:id/lock                         | users:read      |
| GET /api/v1/users/stats                            | stats:read      |
| GET /api/v1/roles                                  | users:read      |
| POST /api/v1/users                                 | users:write     |
| PATCH /api/v1/users/:id                            | users:write     |
| PUT /api/v1/users/:id                              | users:write     |
| POST /api/v1/users/:id/disable                     | users:write     |
| POST /api/v1/users/:id/enable                      | users:write     |
| POST /api/v1/users/:id/unlock                      | users:write     |
| POST /api/v1/users/:id/require-password-change     | users:write     |
| POST /api/v1/users/:id/password-reset              | users:write ⏱   |
| POST /api/v1/users/:id/reset-second-factors        | users:write ⏱   |
| POST /api/v1/users/:id/approve                     | users:approve   |
| POST /api/v1/users/:id/reject                      | users:approve   |
| DELETE /api/v1/users/:id                           | users:delete ⏱  |
| POST /api/v1/users/:id/sign-out                    | sessions:revoke |
| GET /api/v1/users/:id/sessions                     | sessions:revoke |
| DELETE /api/v1/users/:id/sessions/:sid             | sessions:revoke |
| GET /api/v1/admin/dashboard/stats                  | stats:read      |
| GET /api/v1/admin/audit-events                     | audit:read      |
| GET /api/v1/admin/keys                             | roles:write     |
| GET /api/v1/admin/services                         | roles:write     |
| GET /api/v1/admin/settings                         | roles:write     |
| GET /api/v1/admin/mails                            | roles:write     |
| POST /api/v1/admin/mails/:id/retry                 | roles:write     |
| GET /api/v1/admin/trail-verification               | roles:write     |
| POST /api/v1/admin/sign-out-everyone               | roles:write ⏱   |
| PUT /api/v1/roles/:name                            | roles:write ⏱   |
| DELETE /api/v1/roles/:name                         | roles:write ⏱   |
| GET /api/v1/vendors                                | users:write     |
| POST /api/v1/vendors                               | users:write     |
| PATCH /api/v1/vendors/:id                          | users:write     |
| GET /health/database                               | stats:read      |
| GET /health/pool-stats                             | stats:read      |
| GET /api/v1/auth/check                             | session         |
| GET /api/v1/auth/me                                | session         |
| PATCH /api/v1/auth/me                              | session         |
| DELETE /api/v1/auth/me                             | session ⏱       |
| GET /api/v1/auth/me/export                         | session ⏱       |
| GET /api/v1/auth/sessions                          | session         |
| DELETE /api/v1/auth/sessions/:id                   | session         |
| POST /api/v1/auth/reauthenticate/options           | session         |
| POST /api/v1/auth/reauthenticate                   | session         |
| POST /api/v1/auth/password/change                  | session         |
| DELETE /api/v1/auth/password                       | session ⏱       |
| POST /api/v1/auth/email/change                     | session ⏱       |
| GET /api/v1/auth/second-factors                    | session         |
| POST /api/v1/auth/totp                             | session ⏱       |
| POST /api/v1/auth/totp/:id/confirm                 | session ⏱       |
| DELETE /api/v1/auth/totp                           | session ⏱       |
| PUT /api/v1/auth/two-step                          | session ⏱       |
| POST /api/v1/auth/recovery-codes                   | session ⏱       |
| GET /api/v1/auth/passkeys                          | session         |
| PATCH /api/v1/auth/passkeys/:id                    | session         |
| POST /api/v1/auth/passkeys/options                 | session ⏱       |
| POST /api/v1/auth/passkeys                         | session ⏱       |
| DELETE /api/v1/auth/passkeys/:id                   | session ⏱       |
| POST /api/v1/auth/refresh                          | refresh token   |
| POST /api/v1/auth/introspect                       | service         |
| GET /api/v1/auth/revocations                       | service         |
| POST /api/v1/auth/revoke                           | service         |
| GET /metrics                                       | operator        |
| POST /api/v1/auth/register                         | anybody         |
| POST /api/v1/auth/signup                           | anybody         |
| POST /api/v1/auth/verify-email                     | anybody         |
| POST /api/v1/auth/verify-email/resend              | anybody         |
| POST /api/v1/auth/login                            | anybody         |
| POST /api/v1/auth/login/second-factor              | anybody         |
| POST /api/v1/auth/login/second-factor/options      | anybody         |
| POST /api/v1/auth/login/passkey/options            | anybody         |
| POST /api/v1/auth/login/passkey                    | anybody         |
| POST /api/v1/auth/email/confirm                    | anybody         |
| POST /api/v1/auth/email/undo                       | anybody         |
| POST /api/v1/auth/password/forgot                  | anybody         |
| POST /api/v1/auth/password/reset                   | anybody         |
| GET /health                                        | anybody         |
| GET /health/live                                   | anybody         |
| GET /health/ready                                  | anybody         |
| GET /.well-known/jwks.json                         | anybody         |
| GET /.well-known/change-password                   | anybody         |
| GET /.well-known/security.txt                      | anybody         |
| GET /.well-known/webauthn                          | anybody         |
| POST /api/v1/auth/logout                           | anybody         |`

/** What a session may ask that owes its role another factor: to prove it, and what to do about it. */
const singleFactor = /^(GET \S+\/auth\/me|\S+ \S+\/auth\/(second-factors|totp\S*|two-step|recovery-codes|passkeys\S*|reauthenticate\S*|password\/change))$/

const { app, registered } = await build()
const grants = readPermissions()
const needs = readRoutes()

t.test('the table and the routes list each other completely', async t => {
  t.strictSame(registered.filter(route => !needs.has(route)), [], 'every route is in the table')
  t.strictSame([...needs.keys()].filter(route => !registered.includes(route)), [], 'and there is every route of the table')
})

t.test('the roles have the permissions of the table', async t => {
  for (const [role, granted] of grants) {
    for (const [permission, isGranted] of granted) t.equal(app.roles.may(role, permission), isGranted, `${role} ${permission}`)
  }
})

t.test('no route that needs credentials answers without them', async t => {
  for (const [route, need] of needs) {
    if (!registered.includes(route)) continue
    const answer = await ask(route)
    if (need.what === 'anybody') t.not(answer.status, 401, route)
    else t.match(answer, { status: 401 }, route)
    t.not(answer.status, 500)
  }
})

for (const [role, granted] of grants) {
  t.test(`every route answers ${role} as the table says`, async t => {
    const who = await person(app, role)
    const { access_token: token } = await signIn(app, who)
    app.clock.advance(10 * 60_000 + 2000)
    let denials = 0

    for (const [route, { what, isLately }] of needs) {
      if (!registered.includes(route)) continue
      const answer = await ask(route, token)
      const isGranted = granted.get(what) ?? what === 'session'

      if (what === 'anybody') t.ok(![401, 403].includes(answer.status), `${route} answers anybody, and so ${role}`)
      else if (what === 'service' || what === 'operator' || what === 'refresh token') t.match(answer, { status: 401 }, `${route} takes no session`)
      else if (!isGranted) t.match(answer, { status: 403, code: 'forbidden' }, `${route} is not for ${role}, not even to see whether there is one`)
      else if (isLately) t.match(answer, { status: 401, code: 'reauthentication_required' }, `${route} asks for the password`)
      else t.ok(answer.status < 500 && ![401, 403].includes(answer.status), `${route} is for ${role}: ${answer.status} ${answer.code}`)

      if (answer.code === 'forbidden') denials++
      t.not(answer.status, 500, route)
    }
    t.equal((await app.database`select id from audit_events where event = 'authz_fail' and actor_id = ${who.id}`).length, denials, 'each denial is in the trail')
    t.notOk((await eventsOf(app, who.id)).includes('user_deleted'), 'who asks is still there')
  })
}

t.test('a sign-in that waits for its second step opens no route, and one of a single factor few where the role demands two', async t => {
  await app.database`insert into roles (name, rank, user_type, second_factor) values ('keeper', 90, 'staff', 'required')`
  await app.database`insert into role_permissions (role, permission) select 'keeper', permission from role_permissions where role = 'super_admin'`
  await app.roles.reload()
  const keeper = await guarded(app, { role: 'keeper' })
  const { mfa_token: pending } = (await post(app, '/auth/login', { email: keeper.email, password })).json()
  const tokens: Tokens = (await post(app, '/auth/login/second-factor', { mfa_token: pending, code: codeAt(app, keeper) })).json()
  await app.database`update sessions set amr = '{pwd}' where user_id = ${keeper.user.id}`
  const { access_token: weak }: Tokens = (await refresh(app, tokens.refresh_token)).json()

  for (const [route, { what }] of needs) {
    if (!registered.includes(route) || what === 'anybody') continue
    t.match(await ask(route, pending), { status: 401 }, `${route} takes no pending sign-in`)
    if (what === 'service' || what === 'operator' || what === 'refresh token') continue
    const answer = await ask(route, weak)
    if (singleFactor.test(route)) t.ok(answer.status >= 400 || route.startsWith('GET '), `${route} changes nothing: ${answer.status}`)
    else t.match(answer, { status: 401, code: 'reauthentication_required' }, route)
  }
})

t.test('denials are counted by the missing permission', async t => {
  const { body } = await app.inject({ url: '/metrics', headers: { authorization: 'Bearer an-operations-token' } })
  for (const permission of ['users:read', 'users:write', 'users:delete', 'users:approve', 'sessions:revoke', 'roles:write', 'stats:read']) t.match(body, new RegExp(`latchkey_authz_denied_total\\{reason="${permission}"\\} [1-9]`), permission)
})

function readPermissions () {
  const [[, ...names] = [], ...rows] = cellsOf(permissions)
  return new Map(rows.map(([role = '', ...cells]) => [role, new Map(names.map((name, place) => [name, cells[place] === '✓']))]))
}

function readRoutes () {
  return new Map(cellsOf(routes).map(([route = '', need = '']) => [route, { what: need.replace(' ⏱', ''), isLately: need.endsWith('⏱') }]))
}

function cellsOf (table: string) {
  return table.trim().split('\n').map(line => line.split('|').slice(1, -1).map(cell => cell.trim()))
}

/** A request with nothing but its path, for a subject that does not exist. */
async function ask (route: string, token?: string) {
  const [method = '', url = ''] = route.split(' ')
  const answer = await app.inject({
    // The methods are listed in the spelling of light-my-request.
    method: method as 'GET',
    url: url.replace(/:name/, 'no_such_role').replace(/:\w+/g, randomUUID()),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` }
  })
  const { code = '' } = /json/.test(String(answer.headers['content-type'])) ? answer.json() : {}
  return { status: answer.statusCode, code: String(code) }
}

/**
 * A node with every feature switched on, and every route of ours. HEAD follows GET, and the documentation's routes are
 * not ours.
 */
async function build () {
  const config = loadConfig(await deploy(t, { OPERATIONS_TOKEN: 'an-operations-token', SECURITY_CONTACT: 'mailto:security@example.com', PASSKEY_ORIGINS: 'https://app.example.net' }))
  const app = createServer(config)
  const clock = createClock()
  const registered: string[] = []

  t.teardown(() => app.close())
  app.addHook('onRoute', ({ method, url }) => {
    if (url === '*' || url.startsWith('/docs')) return
    for (const verb of [method].flat()) if (verb !== 'HEAD') registered.push(`${verb} ${url.replace(/(.)\/$/, '$1')}`)
  })
  await app.register(latchkey, { config, clock, workers: false, hasher: cheapHasher })
  await app.ready()
  return { app: Object.assign(app, { clock }), registered: [...new Set(registered)] }
}
