import t from 'tap'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, refresh, signIn, start } from '../../support/helper.ts'
import { tapWires } from '../../support/statements/wiretap.ts'

const { tap, deployment } = await tapWires(t, await deploy(t))
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })

t.test('a valid request is answered 204 with the user in headers for the proxy, and no store is asked', async t => {
  const ada = await signIn(app)
  tap.take()
  const answer = await as(app, ada.access_token, 'GET', '/auth/check')

  t.equal(answer.statusCode, 204)
  t.equal(answer.body, '')
  t.match(answer.headers, { 'x-auth-user': ada.user.id, 'x-auth-role': 'user', 'x-auth-session': ada.session.id, 'cache-control': 'no-store' })
  for (let n = 0; n < 50; n++) await as(app, ada.access_token, 'GET', '/auth/check')
  t.same(tap.take(), { statements: [], commands: [] })
})

t.test('without a token, or with an empty or broken one, the answer is 401, and no store is asked', async t => {
  const ada = await signIn(app)
  const none = await app.inject('/api/v1/auth/check')
  t.match(none.json(), { status: 401, code: 'unauthenticated' })
  t.match(none.headers['www-authenticate'], /^Bearer/)
  t.notOk(String(none.headers['www-authenticate']).includes('error='), 'RFC 6750: no error without a token')
  tap.take()

  const [head, body, signature] = ada.access_token.split('.')
  for (const header of ['Bearer', 'Bearer ', 'Bearer  x', `Bearer  ${ada.access_token}`, `Bearer ${ada.access_token} `.concat('x'), `Basic ${ada.access_token}`, ada.access_token, `Bearer ${ada.access_token}, Bearer ${ada.access_token}`,
    `Bearer ${head}.${body}.`, `Bearer ${head}.${body}`, `Bearer ${head}.${body}.${signature}.x`, `Bearer ${head}.${body}.${signature}=`, `Bearer ${head}..${signature}`, `Bearer ${'x'.repeat(8000)}`,
    `Bearer ${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${body}.`, `Bearer ${head}.${Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body ?? '', 'base64url').toString()), role: 'super_admin' })).toString('base64url')}.${signature}`]) {
    const answer = await app.inject({ url: '/api/v1/auth/check', headers: { authorization: header } })
    t.match(answer.json(), { status: 401, code: /^(invalid_token|unauthenticated)$/ }, header.slice(0, 60))
    t.match(answer.headers['www-authenticate'], /^Bearer/)
    t.notOk(answer.headers['x-auth-user'])
  }
  t.same(tap.take(), { statements: [], commands: [] })
  t.match(await app.inject({ url: '/api/v1/auth/check', headers: { authorization: `bearer ${ada.access_token}` } }), { statusCode: 204 }, 'the scheme has no case')
})

t.test('a proxy may demand how strong and how recent the sign-in is, and no store is asked', async t => {
  const ada = await signIn(app)
  tap.take()
  const answer = await as(app, ada.access_token, 'GET', '/auth/check?acr=1fa&max_age=600')
  t.equal(answer.statusCode, 204)
  t.match(answer.headers, { 'x-auth-acr': 'urn:latchkey:acr:1fa', 'x-auth-time': /^\d{10}$/ })

  for (const [query, challenge, problem] of [
    ['acr=2fa', 'acr_values="urn:latchkey:acr:2fa phr"', { acr_values: 'urn:latchkey:acr:2fa phr' }],
    ['acr=phr', 'acr_values="phr"', { acr_values: 'phr' }],
    ['acr=2fa&max_age=600', 'acr_values="urn:latchkey:acr:2fa phr", max_age="600"', { acr_values: 'urn:latchkey:acr:2fa phr', max_age: 600 }]
  ] as const) {
    const refused = await as(app, ada.access_token, 'GET', `/auth/check?${query}`)
    t.match(refused.json(), { status: 401, code: 'reauthentication_required', ...problem }, query)
    t.equal(refused.headers['www-authenticate'], `Bearer error="insufficient_user_authentication", ${challenge}`)
    t.notOk(refused.headers['x-auth-user'])
  }
  app.clock.advance(61_000)
  t.match((await as(app, ada.access_token, 'GET', '/auth/check?max_age=60')).json(), { code: 'reauthentication_required', max_age: 60 })
  t.match(await as(app, ada.access_token, 'GET', '/auth/check?max_age=90'), { statusCode: 204 })
  t.same(tap.take(), { statements: [], commands: [] })
  for (const query of ['acr=3fa', 'acr=', 'acr=2fa&acr=1fa', 'max_age=-1', 'max_age=1e9', 'max_age=', 'amr=pwd']) t.match(await as(app, ada.access_token, 'GET', `/auth/check?${query}`), { statusCode: 422 }, query)
})

t.test('a token in the query or the body is ignored', async t => {
  const ada = await signIn(app)
  t.match(await app.inject(`/api/v1/auth/check?access_token=${ada.access_token}`), { statusCode: 401 })
  t.match(await app.inject({ url: '/api/v1/auth/check', headers: { cookie: `access_token=${ada.access_token}` } }), { statusCode: 401 })
})

t.test('two credentials in one request are refused', async t => {
  const ada = await signIn(app)
  const answer = await app.inject({ url: '/api/v1/auth/check', headers: { authorization: [`Bearer ${ada.access_token}`, `Bearer ${ada.access_token}`] as unknown as string } })
  t.ok([400, 401].includes(answer.statusCode), String(answer.statusCode))
})

t.test('an access token expires', async t => {
  const ada = await signIn(app)
  app.clock.advance(14 * 60_000)
  t.match(await as(app, ada.access_token, 'GET', '/auth/check'), { statusCode: 204 })
  app.clock.advance(61_000)
  t.match((await as(app, ada.access_token, 'GET', '/auth/check')).json(), { status: 401, code: 'invalid_token' })
  t.match(await refresh(app, ada.refresh_token), { statusCode: 200 })
})

t.test('a changed role, a disabled and a deleted user take effect at once, for tokens already issued', async t => {
  const [ada, bob] = [await signIn(app), await signIn(app)]
  await app.database`update users set role = 'accountant', version = version + 1 where id = ${ada.user.id}`
  await told(ada.user.id, 2)
  t.match((await as(app, ada.access_token, 'GET', '/auth/check')).headers, { 'x-auth-role': 'accountant' })

  await app.database`update users set status = 'disabled', version = version + 1 where id = ${bob.user.id}`
  await told(bob.user.id, 2)
  t.match((await as(app, bob.access_token, 'GET', '/auth/check')).json(), { status: 401, code: 'session_ended', reason: 'account_disabled' })

  await app.database`delete from users where id = ${ada.user.id}`
  await told(ada.user.id, 3)
  t.match((await as(app, ada.access_token, 'GET', '/auth/check')).json(), { status: 401, code: 'session_ended', reason: 'account_deleted' })
})

t.test('a user who could not be read is read again for the next request', async t => {
  const impatient = await start(t, { ...deployment, DB_STATEMENT_TIMEOUT: '1s' }, { workers: false, clock: app.clock })
  const ada = await signIn(app)
  const [changed] = await app.database<{ version: number }>`update users set version = version + 1 where id = ${ada.user.id} returning version`
  await told(ada.user.id, changed?.version ?? 0, impatient)

  await app.database.begin(async tx => {
    await tx`lock table users in access exclusive mode`
    t.match((await as(impatient, ada.access_token, 'GET', '/auth/check')).json(), { status: 503, code: 'unavailable' })
  })
  t.match(await as(impatient, ada.access_token, 'GET', '/auth/check'), { statusCode: 204 })
})

t.test('a trailing slash makes no difference, another method is 405', async t => {
  const ada = await signIn(app)
  t.match(await as(app, ada.access_token, 'GET', '/auth/check/'), { statusCode: 204 })
  const answer = await as(app, ada.access_token, 'POST', '/auth/check')
  t.equal(answer.statusCode, 405)
  t.match(answer.headers.allow, /GET/)
})

async function told (userId: string, version: number, node = app) {
  await app.database`insert into changes (kind, subject_id, number) values ('user_changed', ${userId}, ${version})`
  await node.feed.read()
}
