import { randomUUID } from 'node:crypto'
import { createLocalJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { basic, introspect, makeService, operator, send } from '../../support/accounts/services.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, password, post, received, refresh, signIn, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { tapWires } from '../../support/statements/wiretap.ts'
import { until } from '../../support/until.ts'

const { tap, deployment } = await tapWires(t, await deploy(t))
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const service = await makeService(app)
const inactive = '{"active":false}'

t.test('a valid access token is active, with the same claims that a verifier reads', async t => {
  const ada = await signIn(app)
  const { statusCode, headers, body } = await introspect(app, service, ada.access_token)
  const { payload } = await jwtVerify(ada.access_token, createLocalJWKSet((await app.inject('/.well-known/jwks.json')).json()), { currentDate: new Date(app.clock.now()) })
  const { iss, aud, sub, sid, jti, iat, exp, auth_time: authTime, amr, acr, role } = payload

  t.equal(statusCode, 200)
  t.match(headers, { 'content-type': /^application\/json/, 'cache-control': 'no-store' })
  t.strictSame(JSON.parse(body), { active: true, token_type: 'Bearer', iss, aud, sub, sid, jti, iat, exp, auth_time: authTime, amr, acr, role })
  t.match(JSON.parse(body), { sub: ada.user.id, sid: ada.session.id, role: 'user' })
  t.notMatch(body, /@|Ada/, 'nobody’s name or address')
})

t.test('a wrong or unknown hint changes nothing', async t => {
  const { access_token: token } = await signIn(app)
  for (const hint of ['access_token', 'refresh_token', 'id_token', 'x']) {
    t.match((await send(app, 'introspect', { token, token_type_hint: hint }, { authorization: basic(service) })).json(), { active: true }, hint)
  }
})

t.test('every token that would be refused is inactive, byte for byte the same answer', async t => {
  const elsewhere = await start(t, await deploy(t, { ISSUER_URL: 'http://localhost:4000' }), { workers: false, hasher: cheapHasher })
  const audience = await start(t, Object.assign({}, deployment, { JWT_AUDIENCE: 'somebody-else' }), { workers: false, hasher: cheapHasher, clock: app.clock })
  const issuer = await start(t, Object.assign({}, deployment, { ISSUER_URL: 'http://localhost:5000', JWT_AUDIENCE: 'http://localhost:3000' }), { workers: false, hasher: cheapHasher, clock: app.clock })
  const ada = await signIn(app)
  const [head, claims, signature] = ada.access_token.split('.')
  const forged = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()), role: 'super_admin' })).toString('base64url')
  const tokens: Record<string, string> = {
    garbage: 'garbage',
    'a blank': ' ',
    'a NUL': '\0',
    'a refresh token': ada.refresh_token,
    'a device token': ada.device_token,
    'another deployment’s': (await signIn(elsewhere)).access_token,
    'of another audience': (await signIn(audience)).access_token,
    'of another issuer': (await signIn(issuer)).access_token,
    'forged claims': `${head}.${forged}.${signature}`,
    'no signature': `${head}.${claims}.`,
    'no algorithm': `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${claims}.`,
    'a longer one': `${ada.access_token}.x`,
    'a second spelling': `${ada.access_token}=`,
    'a scheme before it': `Bearer ${ada.access_token}`,
    endless: 'x'.repeat(20_000),
    'signed out': await after(async tokens => await as(app, tokens.access_token, 'POST', '/auth/logout')),
    'signed out everywhere': await after(async tokens => await as(app, tokens.access_token, 'POST', '/auth/logout', { scope: 'everywhere' })),
    'before a change of password': await after(async ({ user }) => await app.accounts.changePassword({ userId: 'nobody', sessionId: (await signIn(app, user)).session.id }, { currentPassword: password, newPassword: 'nine lanterns over still water' }, operator)),
    'of one who is disabled': await after(async ({ user }) => {
      await app.database`update users set status = 'disabled', version = version + 1 where id = ${user.id}`
      await tell(user.id)
    }),
    'of one who is gone': await after(async ({ user }) => {
      await app.database`delete from users where id = ${user.id}`
      await tell(user.id)
    }),
    'of one who has to change the password': await after(async ({ user }) => {
      await app.database`update users set must_change_password = true, version = version + 1 where id = ${user.id}`
      await tell(user.id)
    }),
    'replayed and ended': await after(async tokens => {
      await received(app, (await refresh(app, tokens.refresh_token)).json())
      app.clock.advance(31_000)
      await refresh(app, tokens.refresh_token)
    })
  }
  const seen = new Set<string>()

  for (const [what, token] of Object.entries(tokens)) {
    const answer = await introspect(app, service, token)
    const { date, 'x-request-id': id, ...headers } = answer.headers
    t.equal(answer.statusCode, 200, what)
    t.equal(answer.body, inactive, what)
    seen.add(JSON.stringify(headers))
  }
  t.equal(seen.size, 1, 'and the headers are the same')
})

t.test('an access token expires', async t => {
  const { access_token: token } = await signIn(app)
  app.clock.advance(14 * 60_000)
  t.match((await introspect(app, service, token)).json(), { active: true })
  app.clock.advance(61_000)
  t.equal((await introspect(app, service, token)).body, inactive)
})

t.test('a token issued while a change of the password was due is inactive', async t => {
  const { user, ...account } = await signIn(app)
  await app.database`update users set must_change_password = true where id = ${user.id}`
  const { access_token: token } = await signIn(app, user)

  t.equal((await introspect(app, service, token)).body, inactive)
  t.match((await introspect(app, service, account.access_token)).json(), { active: true }, 'until the feed has told')
})

t.test('role and vendor are the current ones', async t => {
  const ada = await signIn(app)
  const vendorId = randomUUID()
  await app.database`insert into vendors (id, name) values (${vendorId}, 'Engines')`
  await app.database`update users set role = 'accountant', vendor_id = ${vendorId}, version = version + 1 where id = ${ada.user.id}`
  await tell(ada.user.id)

  t.match((await introspect(app, service, ada.access_token)).json(), { active: true, role: 'accountant', vendor_id: vendorId })
})

t.test('a session that ended on one node is inactive there at once, and soon on the others', async t => {
  const ada = await signIn(app)
  await until(async () => (await introspect(other, service, ada.access_token)).json().active)
  await as(app, ada.access_token, 'POST', '/auth/logout')

  t.equal((await introspect(app, service, ada.access_token)).body, inactive)
  await until(async () => (await introspect(other, service, ada.access_token)).body === inactive)
})

t.test('after everybody is signed out no token is active', async t => {
  const { access_token: token } = await signIn(app)
  await app.accounts.signOutEveryone({ caller: operator })
  t.equal((await introspect(app, service, token)).body, inactive)
})

t.test('a key that is new to this node is looked up before a token is called inactive', async t => {
  const { access_token: token } = await signIn(app)
  await app.signingKeys.replace(operator)
  const ada = await signIn(app)

  t.equal((await introspect(app, service, token)).body, inactive)
  await until(async () => (await introspect(other, service, ada.access_token)).json().active)
})

t.test('a node that cannot know answers 503, and calls nothing active', async t => {
  let ahead = 0
  const alone = await start(t, deployment, {
    workers: false,
    hasher: cheapHasher,
    clock: Object.assign(createClock(), { now: () => Date.now() + ahead })
  })
  const ada = await signIn(alone)
  t.match((await introspect(alone, service, ada.access_token)).json(), { active: true })

  ahead = 20_000
  await alone.feed.read()
  const answer = await introspect(alone, service, ada.access_token)
  t.equal(answer.statusCode, 503)
  t.match(answer.headers, { 'retry-after': '1', 'content-type': /^application\/json/ })
  t.strictSame(Object.keys(answer.json()), ['error', 'error_description'])
  t.match(answer.json(), { error: 'temporarily_unavailable' })
})

t.test('introspection reads nothing but the service’s credential and writes nothing', async t => {
  const ada = await signIn(app)
  await introspect(app, service, ada.access_token)
  const before = await app.database`select count(*) from audit_events`
  tap.take()
  for (let n = 0; n < 10; n++) await introspect(app, service, n % 2 ? ada.access_token : ada.refresh_token)
  const { statements, commands } = tap.take()

  t.equal(statements.length, 10)
  t.ok(statements.every(text => / from services where id = \$1$/.test(text)))
  t.same(commands, [])
  t.same(await app.database`select count(*) from audit_events`, before)
  t.match(await refresh(app, ada.refresh_token), { statusCode: 200 }, 'and the refresh token is not used up')
})

t.test('a refresh does not make an older access token inactive', async t => {
  const ada = await signIn(app)
  const next = (await refresh(app, ada.refresh_token)).json()
  for (const token of [ada.access_token, next.access_token]) {
    t.match((await introspect(app, service, token)).json(), { active: true, sid: ada.session.id })
  }
})

t.test('a service’s credentials open no other route, and a user’s token is no service credential', async t => {
  const authorization = basic(service)
  const { access_token: token } = await signIn(app)
  for (const path of ['/auth/check', '/auth/me', '/auth/sessions']) t.match(await app.inject({ url: `/api/v1${path}`, headers: { authorization } }), { statusCode: 401 }, path)
  t.match(await post(app, '/auth/logout', {}, { authorization }), { statusCode: 204 })
  t.match(await send(app, 'introspect', { token }, { authorization: `Bearer ${token}` }), { statusCode: 401 })
})

/** The access token of a session to which something happens. */
async function after (happens: (tokens: Tokens) => Promise<unknown>) {
  const tokens = await signIn(app)
  await happens(tokens)
  return tokens.access_token
}

/** Tells this node of a user's new version, as a change of the user does. */
async function tell (userId: string) {
  await app.database`insert into changes (kind, subject_id, number) values ('user_changed', ${userId}, 2)`
  await app.feed.read()
}
